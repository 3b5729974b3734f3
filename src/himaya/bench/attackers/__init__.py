"""Those who collect people: what they have, what they do, and how they behave when they are refused.

parameters   the fixed table: accounts, age, addresses, networks, browsers, pace, order, price of a solver
attacker     the interface: `work` yields asks and waits; write one in twenty lines
hand         one identity of an operation
crew         all hands of an operation; backs off, rotates, solves; informed: stays under the budgets
    informed     what an operation does that has read the configuration
habits       walking a list, crawling, turning pages, trying numbers
catalogue, special, incidents, everybody    A1 to A10; A11 and A12; the historic ones; all of them
"""
