"""The account named by a JSON Web Token (RFC 7519), believed only when its signature holds.

The algorithm is the one of the configuration, whatever the token says (RFC 8725 section 3.1).
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from pathlib import Path

import jwt

from himaya.config import ActorConfig
from himaya.core.errors import ConfigError

#: A longer token is not looked at.
_MAX_TOKEN = 16 * 1024

#: A verified token is not verified again for so long; a revoked key takes effect after that.
_REMEMBER_S = 60.0


class TokenReader:
    """Verifies tokens and returns their account claim. Remembers at most `most` tokens.

    `key` is the PEM public key, or the shared secret for HS algorithms.
    """

    def __init__(self, config: ActorConfig, key: bytes, most: int = 10_000) -> None:
        self._config = config
        self._key = key
        self._most = most
        self._seen: OrderedDict[bytes, tuple[str, float]] = OrderedDict()
        self._options: jwt.types.Options = {
            "verify_aud": bool(config.jwt_audience),
            "verify_iss": bool(config.jwt_issuer),
        }

    @classmethod
    def of(cls, config: ActorConfig) -> TokenReader | None:
        """Return a reader, or None when tokens are not configured.

        Raises ConfigError when the key file cannot be read or holds no key for the algorithm.
        """
        if not config.jwt_algorithm:
            return None
        try:
            key = Path(config.jwt_key_file).read_bytes().strip()
            jwt.get_algorithm_by_name(config.jwt_algorithm).prepare_key(key)
        except (OSError, ValueError, TypeError, jwt.InvalidKeyError) as problem:
            raise ConfigError(
                f"cannot use {config.jwt_key_file} for {config.jwt_algorithm}: {problem}",
                key="actor.jwt_key_file",
            ) from None
        return cls(config, key)

    def account(self, token: bytes, now: float) -> str:
        """Return the account a token names, or "" for a token that does not hold. Never raises."""
        token = token.strip()
        if token[:7].lower() == b"bearer ":
            token = token[7:].strip()
        if not token or len(token) > _MAX_TOKEN or token.count(b".") != 2:
            return ""
        mark = hashlib.blake2s(token).digest()
        account, until = self._seen.get(mark, ("", 0.0))
        if now < until:
            return account
        account, until = self._verify(token, now)
        self._remember(mark, account, until)
        return account

    def _verify(self, token: bytes, now: float) -> tuple[str, float]:
        config = self._config
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[config.jwt_algorithm],
                audience=config.jwt_audience or None,
                issuer=config.jwt_issuer or None,
                leeway=config.jwt_leeway_s,
                options=self._options,
            )
        except jwt.PyJWTError:
            return "", now + _REMEMBER_S
        named = claims.get(config.jwt_claim)
        account = str(named) if isinstance(named, str | int) and not isinstance(named, bool) else ""
        ends = claims.get("exp", now + _REMEMBER_S) + config.jwt_leeway_s
        return account, min(now + _REMEMBER_S, ends)

    def _remember(self, mark: bytes, account: str, until: float) -> None:
        self._seen[mark] = (account, until)
        self._seen.move_to_end(mark)
        if len(self._seen) > self._most:
            self._seen.popitem(last=False)
