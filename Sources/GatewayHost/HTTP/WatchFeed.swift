import Bytes
import Describe
import GatewayCore
import HTTP
import MQTT
import Transports

/// What one reader of `/watch` wants to know.
struct WatchWish {
    /// Only what concerns this client, named by a `ClientIDText`; nil for everybody.
    var clientID: [UInt8]?
    /// Only datagrams that are not MQTT-SN, and what is observed of such.
    var isMalformedOnly: Bool
    /// Whether payloads are shown; else zeros stand in their place.
    var hasPayloads: Bool

    init(_ request: HTTPRequest) {
        clientID = request.parameter("client").map {
            ClientIDText.octets(of: String(decoding: $0, as: UTF8.self)) ?? []
        }
        (isMalformedOnly, hasPayloads) = (request.isSet("malformed"), request.isSet("payload"))
    }
}

/// Every datagram, packet and observation as it comes, for `swiftlet watch`: chunks of lines, each a JSON object.
///
/// A reader that is slow loses lines, which are counted and told in their place; one that reads nothing for
/// `http.timeout_seconds` is cut off.
final class WatchFeed: Feed {
    private final class Reader {
        let connection: HTTPConnection
        let wish: WatchWish
        var leftOutCount = 0
        var lines: [UInt8] = []

        init(_ connection: HTTPConnection, _ wish: WatchWish) { (self.connection, self.wish) = (connection, wish) }
    }

    /// Octets that a turn's lines may have beside those that wait; a line is shorter than 200 KB.
    private static let lineByteCount = 262_144

    private unowned let host: Host
    private var readers: [Reader] = []
    private var packets = PacketCutter()

    let contentType = "text/plain; charset=utf-8"

    init(host: Host) { self.host = host }

    var hasReaders: Bool { !readers.isEmpty }

    func add(_ reader: HTTPConnection) {}

    func add(_ reader: HTTPConnection, _ wish: WatchWish) { readers.append(Reader(reader, wish)) }

    func remove(_ reader: HTTPConnection) {
        readers.removeAll { $0.connection === reader }
        if readers.isEmpty { packets = PacketCutter() }
    }

    // MARK: What is told

    func datagram(_ bytes: RawSpan, _ way: RecentMessages.Way, of clientID: [UInt8]?, peer: PeerID) {
        let ends = way == .fromClient ? ("client", "gateway") : ("gateway", "client")
        let line = WatchLine(kind: "datagram", from: ends.0, to: ends.1, clientID, host.name(of: peer))
        tell(line, bytes, payloadStart: Payload.start(in: bytes), isMalformed: !DatagramWords.isMessage(bytes))
    }

    /// Octets between gateway and broker, perhaps of several packets or of a part of one.
    func streamBytes(_ bytes: RawSpan, _ isFromBroker: Bool, on stream: UpstreamID, of clientID: [UInt8]?) {
        let ends = isFromBroker ? ("broker", "gateway") : ("gateway", "broker")
        let version = host.gateway.version(of: stream)
        let line = WatchLine(kind: "packet", from: ends.0, to: ends.1, clientID, nil, version)
        packets.cut(bytes, of: PacketCutter.Stream(id: stream, isFromBroker: isFromBroker)) { packet in
            let packet = packet.span
            let start = PacketCutter.payloadStart(in: packet.bytes, version)
            tell(line, packet.bytes, payloadStart: start, isMalformed: false)
        }
    }

    func observed(_ observation: Observation, _ clientID: RawSpan, address: String?) {
        let isMalformed = observation.kind == .malformedDatagram || observation.kind == .truncatedDatagram
        let name = clientID.isEmpty ? nil : clientID.copy(of: 0..<clientID.byteCount)
        for reader in readers where wants(reader, name, isMalformed: isMalformed) {
            append(ObservationJSON.bytes(observation, clientID, address: address, isForWatch: true), to: reader)
        }
    }

    private func tell(_ line: WatchLine, _ bytes: RawSpan, payloadStart: Int, isMalformed: Bool) {
        for reader in readers where wants(reader, line.clientID, isMalformed: isMalformed) {
            // What is malformed has no payload to speak of, and cannot be understood without all of its octets.
            // A CONNECT to the broker holds the gateway's own password, which is no message's content.
            let isConnect = line.kind == "packet" && (bytes.byte(at: 0) ?? 0) >> 4 == 1
            let isShown = reader.wish.hasPayloads && !isConnect || isMalformed
            let shown = isShown ? bytes.copy(of: 0..<bytes.byteCount) : Payload.wiped(bytes, from: payloadStart)
            append(line.bytes(shown), to: reader)
        }
    }

    private func wants(_ reader: Reader, _ clientID: [UInt8]?, isMalformed: Bool) -> Bool {
        guard isMalformed || !reader.wish.isMalformedOnly else { return false }
        return reader.wish.clientID == nil || reader.wish.clientID == clientID
    }

    private func append(_ line: [UInt8], to reader: Reader) {
        let room = host.maximumHTTPQueuedByteCount - reader.connection.queuedByteCount - reader.lines.count
        guard room > Self.lineByteCount / 2 || reader.lines.isEmpty && reader.connection.queuedByteCount == 0 else {
            reader.leftOutCount += 1
            return
        }
        if reader.leftOutCount > 0 {
            reader.lines += WatchLine.leftOut(reader.leftOutCount) + [UInt8(ascii: "\n")]
            reader.leftOutCount = 0
        }
        reader.lines += line + [UInt8(ascii: "\n")]
    }

    func flush() {
        for reader in readers {
            if !reader.lines.isEmpty {
                reader.connection.queue(HTTPResponse.chunk(reader.lines))
                reader.lines = []
            }
            reader.connection.flush()
        }
    }
}

/// One line of `/watch`, but for its octets.
private struct WatchLine {
    let kind: String
    let from: String
    let to: String
    let clientID: [UInt8]?
    let address: String?
    /// Of MQTT.
    let version: ProtocolVersion?

    init(
        kind: String, from: String, to: String, _ clientID: [UInt8]?, _ address: String?,
        _ version: ProtocolVersion? = nil
    ) {
        self.version = version
        (self.kind, self.from, self.to, self.clientID, self.address) = (kind, from, to, clientID, address)
    }

    func bytes(_ octets: [UInt8]) -> [UInt8] {
        var json = JSONText()
        json.object {
            $0.add("time", WallTime().text)
            $0.add("kind", kind)
            $0.add("from", from)
            $0.add("to", to)
            $0.add("client", clientID.map(ClientIDText.text))
            $0.add("address", address)
            $0.add("version", version.map { "\($0.name)" })
            $0.add("bytes", Self.hexadecimal(octets))
        }
        return json.bytes
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private static func hexadecimal(_ octets: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(octets.count * 2)
        for octet in octets { text += [digits[Int(octet >> 4)], digits[Int(octet & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }

    static func leftOut(_ count: Int) -> [UInt8] {
        var json = JSONText()
        json.object {
            $0.add("time", WallTime().text)
            $0.add("kind", "left_out")
            $0.add("count", count)
        }
        return json.bytes
    }
}
