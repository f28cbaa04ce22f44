import Bytes
package import Time

// Sessions that are written down while the gateway runs, so that a life that ends without warning is gone on with.
//
// Whoever keeps records asks for what has changed after each event, or after some, and lets nothing of what these
// events have caused leave before that is written where it lasts: what nobody has seen need not have happened.

/// Something to be written down of a session.
package struct SessionChange: Sendable {
    package var clientID: [UInt8]
    /// Where its client is; nil where it is away, or nobody knows.
    package var peer: PeerID?
    /// What is to go on; nil where nothing is left of the session.
    package var record: SessionRecord?
}

extension Gateway {
    /// From now on it is noted which sessions change; before the first event.
    package mutating func keepSessions() { keeper.turnOn() }

    /// Whether a session may have changed since `takeChanges`.
    package var mayHaveChanges: Bool { !keeper.isIdle }

    /// Takes what has to be written down since this was last asked for: of every session that would go on as another
    /// one, and of those of which nothing is left, in an order that follows from the events alone.
    package mutating func takeChanges(at now: Instant, _ take: (SessionChange) -> Void) {
        for clientID in keeper.takeGone() {
            take(SessionChange(clientID: clientID.bytes))
        }
        while let index = keeper.takeTouched() {
            guard sessions.contains(index) else { continue }
            let (fingerprint, peer) = fingerprint(of: index)
            let outcome = keeper.note(fingerprint, of: index)
            guard outcome.isNew else { continue }
            let record = sessions[index].record(at: now, in: environment)?.reduced()
            guard record != nil || outcome.wasWritten else { continue }
            take(SessionChange(clientID: sessions[index].clientID.bytes, peer: peer, record: record))
        }
    }

    /// What is to be written down of one session, whether it has changed or not.
    package mutating func change(of clientID: [UInt8], at now: Instant) -> SessionChange {
        guard let index = sessionByClientID[ClientID(bytes: clientID)] else { return SessionChange(clientID: clientID) }
        let record = sessions[index].record(at: now, in: environment)?.reduced()
        let peer = record?.phase.isConnected == true ? sessions[index].route?.peer : nil
        return SessionChange(clientID: clientID, peer: peer, record: record)
    }

    /// Whether the host must not forget the sender.
    package func knows(_ peer: PeerID) -> Bool { routeCountByPeer[peer] != nil }

    /// Nothing that was taken counts as written: `takeChanges` tells everything once more.
    package mutating func forgetWritten() {
        keeper.forgetWritten()
        for index in 0..<sessions.endIndex where sessions.contains(index) { keeper.touch(index) }
    }

    /// 0 where nothing would be left of the session; and where its client is, if it goes on as one that is connected.
    private mutating func fingerprint(of index: SessionIndex) -> (UInt64, PeerID?) {
        let endOfTime = Instant(nanoseconds: .max)
        guard let record = sessions[index].record(at: endOfTime, in: environment)?.reduced() else { return (0, nil) }
        let fingerprint = record.fingerprint(&keeper.scratch)
        guard record.phase.isConnected, let peer = sessions[index].route?.peer else { return (fingerprint, nil) }
        let place = (UInt64(peer.link.rawValue) << 32 | UInt64(peer.number)) &+ 1
        return (max(1, fingerprint ^ place &* 0x9E37_79B9_7F4A_7C15), peer)
    }
}
