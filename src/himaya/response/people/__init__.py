"""The people of a case: who they are, where they live, what was taken of them, and what they are told.

whom             the actors of a case, and the exact list of everybody whom they were shown
countries        ISO 3166 codes: which texts are one
residence        where people live: a file, a command of the site, or facts; unknown stays unknown
residence_asked  the command of the site that is asked
categories       which field belongs to which category, and what each feeds of the six risks
risks            how many people at which risk, and how high, computed from the fields
count            all of it added up: by country, category, sensitivity and risk
limits           budgets as they are, and as they are proposed
counterfactual   whom the actors of a case would have had under other limits
requests         what a person asks for, and until when it is answered
taken            whether a confirmed collector obtained somebody, and which demands are open
"""
