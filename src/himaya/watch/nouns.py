"""Words in paths that tell what a route shows, in the languages sites are often written in."""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Words before an id that nearly always stand for a person.
PEOPLE = _words("""u user users usr profile profiles people person persons member members account accounts
    in contact contacts friend friends employee employees candidate candidates student students
    patient patients resident residents citizen citizens staff whois
    utilisateur utilisateurs profil profils membre membres personne personnes usager usagers
    usuario usuarios perfil perfis perfiles persona personas miembro miembros membro membros
    pessoa pessoas benutzer nutzer mitglied mitglieder mitarbeiter utente utenti profilo profili
    persone gebruiker gebruikers profiel leden kullanici kullanicilar uye uyeler uzytkownik
    polzovatel brukere bruker anvandare medlem kayttaja pengguna""")

#: Words that stand for a person on some sites and for something else on others.
MAYBE = _words("""author authors player players artist artists seller sellers agent agents host hosts
    customer customers client clients doctor doctors teacher teachers driver drivers lawyer
    lawyers expert experts speaker speakers creator creators model models bio bios resume
    resumes cv team autor autores auteur auteurs kunde kunden cliente clientes medecin""")

#: Words of directories and searches, where people may be listed.
LISTS = _words("""search find directory browse explore suggestions results annuaire recherche suche
    verzeichnis buscar busca directorio cerca zoeken discover followers following likes
    attendees participants""")

#: Words of look-ups from a contact detail to a person.
LOOKUPS = _words(
    "lookup look-up resolve reverse by-email by-phone find-by-email find-by-phone match"
)

#: Query parameters that carry a contact detail.
CONTACTS = _words(
    "email e-mail mail phone tel telephone mobile msisdn number courriel correo handy"
)

#: Query parameters that carry a person's id.
IDS = _words("id uid user user_id userid member member_id profile profile_id username")

#: Query parameters of a search or of paging.
PAGING = _words("""q query search s term keyword keywords name page p offset start limit cursor after
    per_page sort order filter from""")

#: Words of pictures of people.
PICTURES = _words("""avatar avatars photo photos picture pictures portrait portraits headshot headshots
    pfp userpic userpics""")

#: Words before an id that nearly never stand for a person.
THINGS = _words("""tag tags category categories cat product products item items article articles blog blogs
    post posts news page pages image images img static assets asset css js fonts font media files
    file download downloads docs doc order orders cart shop store wiki project projects package
    packages presentation presentations event events video videos topic topics thread threads
    forum job jobs listing listings property properties recipe recipes book books movie movies
    song songs album albums archive archives feed feeds comment comments icon icons lib vendor
    dist build public theme themes plugin plugins module modules wp-content wp-includes version
    v1 v2 v3 produit produits produkt produkte producto productos artikel articulo articulos
    status statuses message messages ticket tickets invoice invoices issue issues commit
    commits""")

#: Words that stand beside ids and are pages of their own.
FIXED = _words("""new edit create delete update search me self login logout register signup settings
    index about help admin list all online export import autocomplete suggest count stats
    password verify activate""")

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_NUMBER = re.compile(r"[a-z]{0,4}[-_]?\d{1,19}", re.IGNORECASE)
_TOKEN = re.compile(r"(?=.*\d)[0-9a-z_-]{16,64}", re.IGNORECASE)
_NAME = re.compile(r"[^\W\d_][\w.'-]{0,63}")


def shape(stem: str) -> str:
    """Return what a path segment looks like: number, uuid, token, handle, e-mail, name or text."""
    if stem[:1] in {"@", "~"} and len(stem) > 1:
        return "handle"
    if "@" in stem:
        return "e-mail"
    if _NUMBER.fullmatch(stem):
        return "number"
    if _UUID.fullmatch(stem):
        return "uuid"
    if _TOKEN.fullmatch(stem):
        return "token"
    return "name" if _NAME.fullmatch(stem) else "text"


def noun_of(segment: str) -> str:
    """Return a path segment as the noun tables write it: lower case, without extension."""
    return segment.lower().partition(".")[0]
