"""What the message with a code says: once, in both languages, so that nobody has to say which one they read."""

from typing import Final

SUBJECT: Final = "验证码 / Code"
TEXT: Final = (
    "【一根针】您的身份核验码是 {code}，30 分钟内有效。工作人员不会向您索要。"
    "Your code is {code}; it holds for 30 minutes. Nobody from the office will ask you for it."
)
