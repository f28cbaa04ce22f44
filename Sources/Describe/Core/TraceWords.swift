import Bytes
package import GatewayCore
import MQTT
import Time
package import TraceFile

/// A recorded gateway's events and effects in words.
package struct TraceWords {
    private let start: Instant
    /// nil where the gateway finds it out.
    private let version: ProtocolVersion?
    private let payload: @Sendable ([UInt8]) -> String

    /// Counts time from the first event of `trace`; `payload` says what is to be told of the content of messages.
    package init(_ trace: Trace, payload: @escaping @Sendable ([UInt8]) -> String = PayloadWords.count) {
        start = trace.entries.first?.now ?? Instant(nanoseconds: 0)
        self.payload = payload
        version =
            switch trace.configuration.upstream.version {
            case .auto: nil
            case .v5_0: .v5_0
            case .v3_1_1: .v3_1_1
            }
    }

    /// What the gateway was told, on one line.
    package func event(_ entry: Trace.Entry) -> String {
        let microseconds = entry.now.since(start).nanoseconds / 1_000
        let fraction = String(1_000_000 + microseconds % 1_000_000).dropFirst()
        return "\(microseconds / 1_000_000).\(fraction) s  \(told(entry))"
    }

    private func told(_ entry: Trace.Entry) -> String {
        switch entry.fact {
        case .event(let event, let bytes): CoreWords.words(for: event) + content(event, bytes)
        case .reconfigured: "the owner has decided otherwise: another configuration"
        case .restored(let record, let peer, _, let age):
            "goes on with a session written \(age.nanoseconds / 1_000_000_000) s ago, \(record.count.octets)"
                + (peer.map { ", whose client is \(CoreWords.name($0))" } ?? "")
        }
    }

    private func content(_ event: Event, _ bytes: [UInt8]) -> String {
        switch event {
        case .datagramReceived: ": \(DatagramWords.line(of: bytes.span.bytes, payload: payload))"
        case .streamReceived:
            ", \(bytes.count.octets): \(PacketWords.line(of: bytes.span.bytes, version, payload: payload))"
        case .datagramTruncated, .streamOpened, .streamBlocked, .streamDrained, .streamEnded, .streamClosed,
            .linkChanged, .linkLost, .linkReturned, .statusReported, .deadlineReached, .shutdownRequested,
            .suspensionRequested:
            ""
        }
    }

    /// What the gateway did, a line for each effect.
    package func effects(_ effects: borrowing Effects) -> [String] {
        let bytes = effects.bytes
        return effects.list.map { "    \(CoreWords.words(for: $0, bytes, version, payload: payload))" }
    }
}
