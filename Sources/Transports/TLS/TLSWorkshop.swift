/// What all TLS clients of one loop have together: OpenSSL, the wire and the room for what was read, which each uses
/// for one call at a time, and the turns of their handshakes, so that many clients cost a turn no more than one does.
final class TLSWorkshop {
    let library: OpenSSL
    let wire = TLSWire()
    let pacer: HandshakePacer
    /// Where one stream at a time has what it has read: the longest record.
    let readBuffer: UnsafeMutableRawBufferPointer
    let loop: EventLoop
    /// Handshakes that have begun and not ended; how many there were at most.
    private(set) var handshakeCount = 0
    private(set) var mostHandshakes = 0

    /// Handshakes that went on with a former session, and those that failed with one offered since certificates were
    /// read: whether a server can go on with its sessions is the same for all clients.
    var resumedCount = 0
    var failuresWithSession = 0

    init(_ library: OpenSSL, _ loop: EventLoop) {
        (self.library, self.loop) = (library, loop)
        pacer = HandshakePacer(loop)
        readBuffer = .allocate(byteCount: 16_384, alignment: 64)
    }

    deinit {
        dropSessions()
        readBuffer.deallocate()
    }

    func handshakeBegan() {
        handshakeCount += 1
        mostHandshakes = max(mostHandshakes, handshakeCount)
    }

    func handshakeEnded() { handshakeCount -= 1 }

    /// Frees the sessions that nobody has taken.
    func dropSessions() {
        for (_, session) in wire.takeSessions() { library.freeSession(session) }
    }
}
