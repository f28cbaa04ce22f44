import Bytes
package import GatewayCore
package import Time

/// A hash of effects, their times and their bytes that is the same in every process (FNV-1a).
package struct EffectHash: Equatable, Sendable {
    package private(set) var value: UInt64

    package init(_ value: UInt64 = 0xCBF2_9CE4_8422_2325) { self.value = value }

    package mutating func combine(_ number: UInt64) { value = (value ^ number) &* 0x0000_0100_0000_01B3 }

    package mutating func combine(_ effects: borrowing Effects, at now: Instant) {
        combine(now.nanoseconds)
        for effect in effects.list { combine(effect) }
        var position = 0
        // A recording has placeholders where the gateway had passwords, and all the rest must be the same.
        for secret in effects.secrets {
            for byte in effects.bytes[position..<secret.lowerBound] { combine(UInt64(byte)) }
            for _ in secret { combine(UInt64(Secrets.placeholder)) }
            position = secret.upperBound
        }
        for byte in effects.bytes[position...] { combine(UInt64(byte)) }
    }

    private mutating func combine(_ range: ByteRange) {
        combine(UInt64(range.lowerBound))
        combine(UInt64(range.upperBound))
    }

    private mutating func combine(_ id: UpstreamID) { combine(UInt64(id.slot) << 32 | UInt64(id.generation)) }

    private mutating func combine(_ peer: PeerID) { combine(UInt64(peer.link.rawValue) << 32 | UInt64(peer.number)) }

    /// The gateway's own certificate changes nothing, as in recordings from before there were others.
    private mutating func combine(_ certificate: StreamCertificate) {
        guard certificate != .gateways else { return }
        combine(UInt64(certificate.rule))
        for text in [certificate.clientID, certificate.certificateFile, certificate.keyFile] { combine(text) }
    }

    private mutating func combine(_ effect: Effect) {
        switch effect {
        case .sendDatagram(let range, let peer):
            combine(1)
            combine(range)
            combine(peer)
        case .broadcastDatagram(let range, let radius, let link):
            combine(2)
            combine(range)
            combine(UInt64(radius) << 16 | UInt64(link.rawValue))
        case .openStream(let id, let certificate):
            combine(3)
            combine(id)
            combine(certificate)
        case .sendStream(let range, let id):
            combine(4)
            combine(range)
            combine(id)
        case .closeStream(let id):
            combine(5)
            combine(id)
        case .pauseStream(let id):
            combine(6)
            combine(id)
        case .resumeStream(let id):
            combine(7)
            combine(id)
        case .forgetPeer(let peer):
            combine(8)
            combine(peer)
        case .observe(let observation):
            combine(9 + UInt64(observation.kind.rawValue))
            combine(observation.clientID)
            combine(observation.occurrence.payload)
            if let peer = observation.peer { combine(peer) }
        }
    }
}
