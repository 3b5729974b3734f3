"""Word lists from which members are drawn: names by culture, towns, jobs, employers, posts.

Every member is a random combination. None is meant to be a real person; telephone numbers use
the country code 999, which the ITU has assigned to nobody, and mail addresses the reserved
`.example` domain (RFC 2606 section 2).
"""

# ruff: noqa: RUF001 - Turkish has a dotless i
from __future__ import annotations

import msgspec


class Culture(msgspec.Struct, frozen=True):
    """Names that go together, the towns their bearers mostly live in, and a share of the site.

    Given names alternate between those mostly of women and mostly of men; portraits follow that.
    """

    key: str
    share: int
    given: tuple[str, ...]
    family: tuple[str, ...]
    towns: tuple[tuple[str, str], ...]


def _culture(key: str, share: int, given: str, family: str, towns: str) -> Culture:
    """Build a culture from comma-separated lists; towns read `Town/Country`."""
    places = tuple((town.partition("/")[0], town.partition("/")[2]) for town in _split(towns))
    return Culture(key, share, _split(given), _split(family), places)


def _split(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.replace("\n", " ").split(",") if word.strip())


CULTURES: tuple[Culture, ...] = (
    _culture(
        "maghreb",
        20,
        """Amina, Yassine, Salma, Karim, Nadia, Mehdi, Khadija, Omar, Zineb, Hamza, Imane, Rachid,
        Souad, Anas, Hajar, Ilyas, Meryem, Younes, Loubna, Tarik, Ghita, Bilal, Sanae, Nabil, Rim,
        Adil, Houda, Sofiane, Wafa, Aymen, Chaima, Walid, Dounia, Fares, Ines, Amine, Yasmine,
        Slim, Olfa, Lotfi, Dihya, Idir, Tiziri, Massin""",
        """Berrada, El Amrani, Benjelloun, Tazi, Chraibi, Lahlou, Bennis, Alaoui, Ouazzani, Idrissi,
        Benkirane, Sefrioui, El Fassi, Ziani, Haddad, Mansouri, Belkacem, Boudiaf, Cherif, Meziane,
        Hamdi, Trabelsi, Gharbi, Jaziri, Ben Salah, Mokrani, Aït Brahim, Oulhaj, Amellal, Bouzid,
        Rahmani, Zerouali, Kabbaj, Naciri, Skalli, Guessous, Bouchareb, Khelifi, Dridi, Mejri""",
        """Rabat/Morocco, Casablanca/Morocco, Fès/Morocco, Tétouan/Morocco, Agadir/Morocco,
        Oujda/Morocco, Tunis/Tunisia, Sfax/Tunisia, Oran/Algeria, Tizi Ouzou/Algeria,
        Constantine/Algeria, Marrakech/Morocco""",
    ),
    _culture(
        "mashriq",
        7,
        """Layla, Ziad, Rana, Fadi, Dina, Hossam, Maya, Samir, Noor, Tamer, Rasha, Bassel, Lina,
        Marwan, Heba, Khaled, Jana, Ramzi, Nour, Wael, Suha, Anwar, Yara, Sherif, Amal, Elias,
        Hanan, Georges, Mona, Rami""",
        """Haddad, Khoury, Mansour, Saleh, Nassar, Aziz, Farah, Shaheen, Hijazi, Barakat, Daher,
        Sabbagh, Qasim, Fahmy, Zaki, Halabi, Najjar, Tawil, Habib, Rizk, Saad, Darwish, Abboud,
        Kanaan, Sayegh, Maalouf, Hatem, Zidan, Bishara, Attar""",
        """Beirut/Lebanon, Amman/Jordan, Cairo/Egypt, Alexandria/Egypt, Tripoli/Lebanon,
        Irbid/Jordan, Port Said/Egypt""",
    ),
    _culture(
        "west_africa",
        7,
        """Awa, Mamadou, Fatou, Ousmane, Aïssatou, Cheikh, Mariama, Ibrahima, Kadiatou, Moussa, Adjoa,
        Kwame, Akosua, Kofi, Abena, Yaw, Ngozi, Emeka, Chiamaka, Tunde, Folake, Segun, Binta, Alpha,
        Nafissatou, Babacar, Efua, Kojo, Ifeoma, Obinna""",
        """Diallo, Ndiaye, Traoré, Sow, Diop, Keita, Camara, Fall, Sarr, Konaté, Mensah, Owusu, Asante,
        Boateng, Agyeman, Okafor, Adeyemi, Balogun, Eze, Nwosu, Ogunleye, Coulibaly, Bah, Barry,
        Touré, Sissoko, Gueye, Amoah, Danso, Onyeka""",
        """Dakar/Senegal, Saint-Louis/Senegal, Accra/Ghana, Kumasi/Ghana, Lagos/Nigeria,
        Ibadan/Nigeria, Bamako/Mali, Conakry/Guinea""",
    ),
    _culture(
        "france",
        9,
        """Camille, Hugo, Léa, Antoine, Manon, Lucas, Chloé, Théo, Élise, Julien, Margaux, Nicolas,
        Clémence, Baptiste, Océane, Maxime, Juliette, Romain, Anaïs, Quentin, Pauline, Adrien, Inès,
        Gaëtan, Solène, Bastien, Noémie, Étienne, Aurélie, Loïc, Maëlle, Corentin""",
        """Lefèvre, Moreau, Garnier, Rousseau, Fontaine, Chevalier, Lambert, Bonnet, Girard, Mercier,
        Dupuis, Blanchard, Marchand, Perrin, Renaud, Charpentier, Vasseur, Leclerc, Aubert, Delmas,
        Roussel, Barbier, Prévost, Guillot, Lacroix, Tessier, Morvan, Le Goff, Kervella, Besson""",
        """Nantes/France, Lyon/France, Lille/France, Toulouse/France, Rennes/France,
        Marseille/France, Grenoble/France, Bruxelles/Belgium, Liège/Belgium""",
    ),
    _culture(
        "iberia",
        8,
        """Lucía, Álvaro, Marta, Javier, Irene, Pablo, Carmen, Diego, Nerea, Sergio, Alba, Rubén, Elena,
        Iker, Ainhoa, Jordi, Laia, Marc, Beatriz, Tiago, Inês, Duarte, Mariana, Gonçalo, Leonor,
        Rodrigo, Matilde, Afonso, Xoana, Brais, Rocío, Andrés""",
        """Navarro, Ortega, Castillo, Delgado, Romero, Iglesias, Medina, Cortés, Vidal, Serrano, Puig,
        Ferrer, Soler, Etxeberria, Aguirre, Zabala, Almeida, Carvalho, Teixeira, Moreira, Barbosa,
        Figueiredo, Tavares, Azevedo, Lourenço, Castro, Bouza, Peña, Molina, Herrero""",
        """Sevilla/Spain, Valencia/Spain, Bilbao/Spain, Barcelona/Spain, Granada/Spain,
        Porto/Portugal, Lisboa/Portugal, Coimbra/Portugal, A Coruña/Spain""",
    ),
    _culture(
        "italy",
        5,
        """Giulia, Matteo, Chiara, Lorenzo, Francesca, Davide, Martina, Alessandro, Elisa, Simone,
        Ginevra, Tommaso, Alessia, Riccardo, Silvia, Edoardo, Bianca, Federico, Serena, Pietro,
        Ilaria, Nicolò, Arianna, Gabriele""",
        """Ferraro, Conti, Marini, Greco, Lombardi, Barbieri, Fontana, Rinaldi, Caruso, Ferri, Galli,
        Martinelli, Vitale, Serra, Coppola, De Santis, D'Angelo, Palumbo, Sanna, Piras, Bianchini,
        Grassi, Monti, Valentini""",
        """Torino/Italy, Bologna/Italy, Palermo/Italy, Genova/Italy, Bari/Italy, Trieste/Italy""",
    ),
    _culture(
        "british_isles",
        7,
        """Isla, Callum, Freya, Rory, Imogen, Ewan, Megan, Owen, Phoebe, Finlay, Niamh, Cian, Aoife,
        Declan, Rhiannon, Gethin, Poppy, Toby, Harriet, Jasper, Orla, Lachlan, Bethan, Alasdair,
        Tamsin, Piers, Saoirse, Conor, Hazel, Martin""",
        """Fraser, Hughes, Kavanagh, Pritchard, Ashworth, Byrne, Sinclair, Thornton, Gallagher,
        MacLeod, Holloway, Barlow, Whitfield, Doherty, Rees, Llewellyn, Fairbairn, Pemberton, Keane,
        Brennan, Hartley, Winslow, Abbott, Dalgleish, Lockwood, Marsh, O'Rourke, Tully, Wren, Yates""",
        """Leeds/United Kingdom, Glasgow/United Kingdom, Cardiff/United Kingdom, Galway/Ireland,
        Dublin/Ireland, Bristol/United Kingdom, Dundee/United Kingdom, Cork/Ireland""",
    ),
    _culture(
        "central_europe",
        7,
        """Lena, Jonas, Hannah, Felix, Marlene, Lukas, Greta, Moritz, Katharina, Bartosz, Zofia, Kacper,
        Agnieszka, Michał, Tereza, Ondřej, Eliška, Vojtěch, Réka, Bence, Zsófia, Gergő, Annika, Till,
        Svenja, Wiktor, Hania, Radek, Ilse, Emil""",
        """Vogel, Brandt, Lindner, Kessler, Winkler, Hartmann, Reuter, Sommer, Kowalczyk, Zieliński,
        Wójcik, Mazur, Krawczyk, Dąbrowski, Novotný, Dvořák, Procházka, Kučera, Horváth, Szabó,
        Fekete, Balogh, Engel, Pohl, Steiner, Baumann, Łukasik, Sikora, Marek, Ritter""",
        """Leipzig/Germany, Hamburg/Germany, Wien/Austria, Graz/Austria, Kraków/Poland,
        Gdańsk/Poland, Brno/Czechia, Praha/Czechia, Pécs/Hungary, Zürich/Switzerland""",
    ),
    _culture(
        "nordics",
        4,
        """Astrid, Lars, Ingrid, Mikkel, Sigrid, Emil, Freja, Oskar, Linnea, Anders, Signe, Henrik, Aino,
        Eero, Helmi, Väinö, Saga, Torsten, Ebba, Magnus, Solveig, Jari, Ylva, Rune""",
        """Lindqvist, Bergström, Sørensen, Kjær, Haugen, Nygård, Holmberg, Dahl, Lund, Mäkinen, Virtanen,
        Laine, Koskinen, Aaltonen, Strand, Solberg, Bakke, Eklund, Sandvik, Öberg, Thorsen, Vik,
        Rasmussen, Nieminen""",
        """Uppsala/Sweden, Malmö/Sweden, Aarhus/Denmark, Odense/Denmark, Bergen/Norway,
        Tampere/Finland, Turku/Finland""",
    ),
    _culture(
        "turkey",
        3,
        """Elif, Emre, Zeynep, Kerem, Defne, Burak, Ayşe, Cem, Selin, Onur, Ece, Barış, Derya, Tolga,
        Nil, Kaan, Esra, Volkan, Gizem, Mert""",
        """Yıldız, Kaya, Demirci, Şahin, Aydın, Arslan, Koç, Erdem, Polat, Güneş, Aksoy, Tekin, Bulut,
        Korkmaz, Ünal, Çetin, Acar, Toprak, Özkan, Duman""",
        """İzmir/Türkiye, Ankara/Türkiye, Bursa/Türkiye, Eskişehir/Türkiye, Trabzon/Türkiye""",
    ),
    _culture(
        "south_asia",
        8,
        """Ananya, Rohan, Priya, Arjun, Meera, Vikram, Kavya, Siddharth, Ishita, Nikhil, Farah, Imran,
        Ayesha, Bilal, Tahmina, Rafiq, Nusrat, Kamal, Dilani, Nuwan, Sanduni, Kasun, Divya, Harish,
        Lakshmi, Gautam, Zara, Usman, Shreya, Tanvir""",
        """Iyer, Deshmukh, Banerjee, Nair, Kulkarni, Chatterjee, Reddy, Bhatt, Menon, Joshi, Qureshi,
        Siddiqui, Chaudhry, Mirza, Rahman, Hossain, Chowdhury, Akter, Perera, Fernando, Jayasinghe,
        Wickramage, Pillai, Rao, Saxena, Malhotra, Baig, Das, Ghosh, Thapa""",
        """Pune/India, Kochi/India, Kolkata/India, Mysuru/India, Lahore/Pakistan, Karachi/Pakistan,
        Dhaka/Bangladesh, Sylhet/Bangladesh, Kandy/Sri Lanka""",
    ),
    _culture(
        "east_asia",
        8,
        """Haruka, Kenta, Yui, Daichi, Sakura, Ren, Misaki, Sota, Minseo, Jihoon, Soyeon, Hyunwoo, Jiwon,
        Seungmin, Meiling, Yichen, Xinyi, Haoran, Ruolan, Zihan, Linh, Minh, Thảo, Quang, Hạnh, Đức,
        Ngọc, Tuấn, Aoi, Riku""",
        """Nakamura, Kobayashi, Fujimoto, Ishikawa, Morita, Hayashi, Okada, Ueno, Seo, Han, Yoon, Jung,
        Kwon, Baek, Zhao, Lin, Xu, Guo, Tang, Shen, Nguyễn, Trần, Phạm, Đặng, Bùi, Võ, Huỳnh,
        Matsuda, Arai, Sugimoto""",
        """Sendai/Japan, Kyoto/Japan, Fukuoka/Japan, Busan/South Korea, Daejeon/South Korea,
        Taipei/Taiwan, Kaohsiung/Taiwan, Huế/Vietnam, Đà Nẵng/Vietnam, Hà Nội/Vietnam""",
    ),
    _culture(
        "latin_america",
        7,
        """Valentina, Mateo, Camila, Santiago, Isadora, Joaquín, Renata, Emiliano, Ximena, Tomás, Paloma,
        Gael, Antonella, Facundo, Julieta, Bruno, Luana, Thiago, Rafaela, Caetano, Yara, Iván, Marisol,
        Efraín, Dayana, Wilmer, Nayeli, Amaru, Killa, Esteban""",
        """Quispe, Mamani, Restrepo, Arango, Valdivia, Escobedo, Villanueva, Zambrano, Olivares,
        Figueroa, Cárdenas, Montoya, Echeverri, Bustamante, Lozano, Paredes, Salazar, Ibarra, Rosales,
        Nascimento, Cavalcanti, Brandão, Siqueira, Monteiro, Aragão, Fonseca, Huamán, Condori, Peralta,
        Sandoval""",
        """Medellín/Colombia, Cali/Colombia, Cusco/Peru, Arequipa/Peru, Córdoba/Argentina,
        Rosario/Argentina, Valparaíso/Chile, Puebla/Mexico, Oaxaca/Mexico, Recife/Brazil,
        Salvador/Brazil, Cuenca/Ecuador""",
    ),
)

JOBS = _split(
    """nurse, primary school teacher, electrician, product designer, train driver, pharmacist, baker,
    civil engineer, radiologist, bookseller, translator, paralegal, carpenter, data analyst,
    bus dispatcher, physiotherapist, sound engineer, accountant, gardener, sous-chef, architect,
    vet, software developer, social worker, journalist, ceramicist, optician, midwife, plumber,
    surveyor, librarian, customs broker, dental technician, tailor, botanist, tram mechanic,
    payroll clerk, music teacher, event planner, welder, hydrologist, tour guide, insurance adviser,
    warehouse lead, speech therapist, beekeeper, cartographer, estate agent, fire officer, chemist,
    port pilot, hairdresser, illustrator, agronomist, court clerk, bicycle mechanic, nutritionist,
    estimator, curator, ferry captain"""
)

EMPLOYER_HEADS = _split(
    """Atlas, Boreal, Cedar & Sons, Dar Zitoun, Estuary, Fennel, Granite, Harbour, Iris, Jasmin,
    Kestrel, Lumen, Meridian, North Quay, Olivar, Palmeraie, Quartz, Rif, Saffron, Tramontane,
    Umbra, Vela, Willow, Xaloc, Yarrow, Zellij, Almond Row, Blue Door, Copperfield Lane, Delta Nine"""
)

EMPLOYER_TAILS = _split(
    """Logistics, Foods, Laboratories, Clinic, Press, Studio, Cooperative, Engineering, Textiles,
    Schools Trust, Software, Architects, Railways, Pharmacy Group, Insurance, Ceramics, Water Board,
    Media, Farms, Legal, Energy, Outfitters"""
)

INTERESTS = _split(
    """early trains, open-air cinema, mending old radios, long-distance cycling, tomato plants,
    choir practice, pickled lemons, second-hand books, river swimming, chess in the park,
    board games, birds of the estuary, darkroom printing, football on Sundays, mountain huts,
    strong coffee, sourdough, family recipes, cheap telescopes, night markets, crossword puzzles,
    embroidery, oud and guitar, allotment politics, stray cats, maps of places that changed their names"""
)

POSTS = (
    "Back from the market in {town} with far too many oranges. Who wants some?",
    "First day of the new timetable and I already missed my train.",
    "Looking for someone in {town} who can fix a sewing machine. Recommendations?",
    "Finished the shelf. It is almost straight.",
    "Our choir sings on Saturday in {town}. Entry is free, applause is mandatory.",
    "Ten years as a {job} this week. I still learn something every Monday.",
    "The jasmine on the balcony opened overnight.",
    "Does anyone still have the recipe from the picnic last spring?",
    "Lost: one green umbrella, line 4. Sentimental value only.",
    "We are hiring at {employer}. Kind people, decent coffee.",
    "Saw the sea from the bus this morning and almost forgot to get off.",
    "Small victory: the neighbour returned the ladder.",
)
