//! Throw-away hosts on the local Docker engine, for demo, rehearsal and tests.
