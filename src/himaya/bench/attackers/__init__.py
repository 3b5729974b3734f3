"""Those who collect people: what they have, what they do, and how they behave when they are refused.

parameters   the fixed table: accounts, age, addresses, networks, browsers, pace, order, price of a solver
attacker     the interface: `work` yields asks and waits; write one in twenty lines
hand         one identity of an operation
crew         all hands of an operation; backs off, rotates, solves; informed: stays under the budgets
a01 ...      the attackers of the catalogue, one or two to a file; incidents: the historic ones
outside      loading attackers, crowds and worlds from files that are not ours
"""
