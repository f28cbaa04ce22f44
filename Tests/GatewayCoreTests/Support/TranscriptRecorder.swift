import GatewayCore
import Time

/// Writes down in words what is said in a dialogue, with the time of each message, for people to read.
struct TranscriptRecorder {
    private(set) var lines: [String]
    private let start: Instant
    /// What an address is called.
    var names: [Int: String] = [:]
    private var numberByStream: [UpstreamID: Int] = [:]

    init(_ title: String, at start: Instant) {
        lines = [title, String(repeating: "=", count: title.count), ""]
        self.start = start
    }

    var text: String { lines.joined(separator: "\n") + "\n" }

    /// A sentence between the messages.
    mutating func remark(_ sentence: String) { lines += (lines.last == "" ? [] : [""]) + [sentence, ""] }

    // MARK: Events

    mutating func note(_ event: Event, _ bytes: [UInt8], from address: Int?, at now: Instant) {
        switch event {
        case .datagramReceived:
            append(now, name(address), "gateway", SNMessage(reading: bytes).words)
        case .streamOpened(let id): append(now, broker(id), "", "(connection is open)")
        case .streamReceived(let id): append(now, broker(id), "gateway", BrokerPacket(reading: bytes).words)
        case .streamClosed(let id, let end): append(now, broker(id), "", "(connection ends: \(end))")
        case .datagramTruncated, .streamBlocked, .streamDrained, .streamEnded, .linkChanged, .linkLost, .linkReturned,
            .statusReported, .deadlineReached, .shutdownRequested,
            .suspensionRequested:
            break
        }
    }

    // MARK: Effects

    mutating func note(_ message: SNMessage, to address: Int?, at now: Instant) {
        append(now, "gateway", name(address), message.words)
    }

    mutating func note(broadcast message: SNMessage, radius: UInt8, at now: Instant) {
        append(now, "gateway", "everybody", "\(message.words), radius \(radius)")
    }

    mutating func note(_ packet: BrokerPacket, on id: UpstreamID, at now: Instant) {
        append(now, "gateway", broker(id), packet.words)
    }

    mutating func noteOpening(of id: UpstreamID, at now: Instant) {
        append(now, "gateway", broker(id), "(opens a connection)")
    }

    // MARK: Layout

    private func name(_ address: Int?) -> String { address.flatMap { names[$0] } ?? "somebody" }

    /// Connections are numbered in the order in which they are first heard of.
    private mutating func broker(_ id: UpstreamID) -> String {
        let number = numberByStream[id] ?? numberByStream.count + 1
        numberByStream[id] = number
        return "broker (\(number))"
    }

    private mutating func append(_ now: Instant, _ from: String, _ to: String, _ words: String) {
        let milliseconds = Int(now.since(start).nanoseconds / 1_000_000)
        let fraction = String(1_000 + milliseconds % 1_000).dropFirst()
        let time = "\(milliseconds / 1_000).\(fraction) s"
        let way = to.isEmpty ? from : "\(from) → \(to)"
        lines.append(Self.padded(time, 10, isRight: true) + "  " + Self.padded(way, 27) + "  " + words)
    }

    private static func padded(_ text: String, _ count: Int, isRight: Bool = false) -> String {
        let spaces = String(repeating: " ", count: max(0, count - text.count))
        return isRight ? spaces + text : text + spaces
    }
}
