"""Reasons that are none: that the data were public does not say by itself that nobody has to be told.

The authorities' joint statement of 24 August 2023 holds that public personal data are still protected. English, French,
Spanish and Arabic are read; in another language a reason passes, and stays beside the name of whoever gave it.
"""

from __future__ import annotations

import re
import unicodedata

_WORDS = """
    public publicly published available already anyway only just simply fully openly data information info profile
    profiles personal page pages record records user users member members person people was were is are be been being
    it its this that these those the they them all any on in to by for of and so as at because since which web website
    site internet online everyone everybody anyone anybody can could see seen visible accessible open out there no not
    private secret
    publique publics publiques publiquement publie publiee publies publiees accessible accessibles disponible
    disponibles deja visible visibles ouvert ouverte ouverts ouvertes donnee donnees profil profils information
    informations personnel personnels personnelle personnelles tout toute tous toutes le la les un une des du de et en
    sur par pour dans etait etaient est sont ete cette ces ce cela ca qui car parce que monde ligne simplement seulement
    chacun
    publico publica publicos publicas publicamente publicado publicada publicados publicadas accesible accesibles
    disponible disponibles ya visible visibles abierto abierta abiertos abiertas dato datos perfil perfiles informacion
    personal personales todo toda todos todas el los las un una unos unas del y en por para con era eran es son fue
    fueron estaba estaban esta estan este estos estas eso esto porque que linea simplemente solo mundo red
    عام عامه علني علنيه علنا منشور منشوره متاح متاحه مفتوح مفتوحه ظاهر ظاهره مرئي مرئيه
    بيانات البيانات معلومات المعلومات ملف الملف ملفات الملفات شخصي الشخصي شخصيه الشخصيه
    كان كانت هي هو هذا هذه كل جميع للجميع للعموم للعامه العامه الجميع العموم الكل للكل
    على في من الى عن علي انترنت الانترنت الانترنيت موقع الموقع الشبكه بشكل فقط اصلا
    بالفعل لان لانها لانه انها انه
"""


#: Teh marbuta is also written as heh; a tatweel only stretches a word.
_LETTERS = {0x0629: 0x0647, 0x0640: None}


def _plain(word: str) -> str:
    """Return a word without case, accents and the spellings in which Arabic letters vary."""
    bare = unicodedata.normalize("NFKD", word.casefold())
    kept = "".join(sign for sign in bare if not unicodedata.combining(sign))
    return kept.translate(_LETTERS)


_PUBLIC = frozenset(map(_plain, _WORDS.split()))
_WORD = re.compile(r"[^\W\d_]+")


def is_only_public(why: str) -> bool:
    """Tell whether a reason says nothing but that the data were public."""
    # Marks are joined with their letters first: alone they would cut a word in two.
    words = [_plain(word) for word in _WORD.findall(_plain(why))]
    return all(len(word) == 1 or word in _PUBLIC for word in words)
