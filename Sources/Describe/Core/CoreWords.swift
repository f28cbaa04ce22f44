package import GatewayCore
package import MQTT

/// What the core is told and what it wants done, in words.
package enum CoreWords {
    /// What a stream's end means for whoever waits for it.
    package static func words(for end: StreamEnd) -> String {
        switch end {
        case .unresolved: "the broker's name could not be resolved"
        case .refused: "nobody listens, or the network refused"
        case .insecure: "TLS with the broker did not come about, or did not go on"
        case .noPassage: "a proxy or WebSocket gave no way through to the broker, or no longer"
        case .timedOut: "no connection in time"
        case .closedByBroker: "closed by the broker"
        case .failed: "it broke"
        case .queueOverflow: "the broker took octets too slowly"
        case .localFailure: "this machine could not open it"
        case .noCertificate: "the certificate that it was to show, or the key, cannot be used"
        }
    }

    /// What the core was told, but for the octets that came with it.
    package static func words(for event: Event) -> String {
        switch event {
        case .datagramReceived(let peer, let mayForward, let network):
            "hears \(name(peer))\(mayForward ? ", who may forward" : "")"
                + (network == 0 ? "" : ", in network \(network) of the rules")
        case .datagramTruncated(let peer): "hears \(name(peer)): a datagram too long to receive"
        case .streamOpened(let id): "is told that \(name(id)) is open"
        case .streamReceived(let id): "reads \(name(id))"
        case .streamBlocked(let id, let count): "is told that \(count.octets) wait for \(name(id))"
        case .streamDrained(let id): "is told that nothing waits for \(name(id)) any more"
        case .streamEnded(let id): "is told that \(name(id)) is over"
        case .streamClosed(let id, let end): "is told that \(name(id)) ended: \(words(for: end))"
        case .linkChanged(let link, let maximum): "is told that link \(link.rawValue) takes \(maximum.octets)"
        case .linkLost(let link): "is told that nothing leaves on link \(link.rawValue)"
        case .linkReturned(let link): "is told that link \(link.rawValue) works again"
        case .statusReported: "is told what to publish of itself"
        case .deadlineReached: "is told the time"
        case .shutdownRequested: "is told to end"
        case .suspensionRequested: "is told to end, and that its sessions are gone on with"
        }
    }

    /// What the core wants done; octets and ClientIds lie in `bytes`. Without a version packets are to tell theirs.
    package static func words(
        for effect: Effect, _ bytes: [UInt8], _ version: ProtocolVersion? = nil,
        payload: ([UInt8]) -> String = PayloadWords.count
    ) -> String {
        func datagram(_ range: Range<Int>) -> String {
            DatagramWords.line(of: bytes.span.bytes.extracting(range), payload: payload)
        }
        switch effect {
        case .sendDatagram(let range, let peer): return "→ \(name(peer)): \(datagram(range))"
        case .broadcastDatagram(let range, let radius, let link):
            return "→ everybody on link \(link.rawValue), radius \(radius): \(datagram(range))"
        case .openStream(let id, let certificate):
            guard certificate != .gateways else { return "opens \(name(id))" }
            let file = ForeignText.quoted(bytes[certificate.certificateFile])
            return "opens \(name(id)) with the certificate in \(file) (rule \(certificate.rule))"
        case .sendStream(let range, let id):
            let packet = bytes.span.bytes.extracting(range)
            return "⇒ \(name(id)): \(PacketWords.line(of: packet, version, payload: payload))"
        case .closeStream(let id): return "closes \(name(id))"
        case .pauseStream(let id): return "pauses \(name(id))"
        case .resumeStream(let id): return "resumes \(name(id))"
        case .forgetPeer(let peer): return "forgets \(name(peer))"
        case .observe(let observation): return "· \(words(for: observation, bytes))"
        }
    }

    /// An observation by the name that log, metrics and page have for it, with what belongs to it; the ClientId lies in
    /// `bytes`.
    package static func words(for observation: Observation, _ bytes: [UInt8]) -> String {
        let client = observation.clientID.isEmpty ? "" : " client=\(ForeignText.quoted(bytes[observation.clientID]))"
        let peer = observation.peer.map { ", \(name($0))" } ?? ""
        let details = observation.occurrence.details
        return observation.kind.name + client + peer + (details.isEmpty ? "" : ": \(details)")
    }

    static func name(_ peer: PeerID) -> String { "peer \(peer.link.rawValue):\(peer.number)" }

    static func name(_ id: UpstreamID) -> String { "stream \(id.slot):\(id.generation)" }
}
