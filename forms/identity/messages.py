"""What the message with a code says: once, in both languages, so that nobody has to say which one they read."""

from typing import Final

from forms.identity.retention import CODE_KEPT

SUBJECT: Final = "验证码 / Code"
TEXT: Final = (
    "【一根针】您的身份核验码是 {code}，{minutes} 分钟内有效。工作人员不会向您索要。"
    "Your code is {code}; it holds for {minutes} minutes. Nobody from the office will ask you for it."
)


def text(code: str) -> str:
    """The message with this code."""
    return TEXT.format(code=code, minutes=int(CODE_KEPT.total_seconds()) // 60)
