import Testing

/// All tests of this target that use sockets and processes of this machine, one after the other.
@Suite(.serialized) struct RealSocketTests {}
