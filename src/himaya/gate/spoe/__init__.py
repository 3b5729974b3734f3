"""HAProxy as front door: an agent that HAProxy asks over SPOE (protocol SPOP 2.0), inside the authority process.

values     the bytes of SPOP: varints, typed values, lists of them; pure
frames     frames, what they carry, and how a stream of bytes is cut into them; pure
question   from a message to who asks for what, and from a verdict to the variables HAProxy gets
agent      one connection: handshake, questions, answers, ends
listener   the socket, who may ask, and what is counted
"""
