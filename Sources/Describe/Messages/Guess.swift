import Bytes
import MQTT
import MQTTSN

/// What octets that are no MQTT-SN datagram may be instead: what people send to a gateway's port by mistake.
enum Guess {
    /// The likeliest first; empty where nothing looks familiar.
    static func all(about bytes: RawSpan) -> [String] {
        guard bytes.byteCount > 0 else { return [] }
        let sure = [
            http(bytes), tls(bytes), dtls(bytes), mqtt(bytes), xbee(bytes), serial(bytes), text(bytes),
            versionTwo(bytes), secondMessage(bytes),
        ]
        let found = (sure + lengths(bytes)).compactMap(\.self)
        // An octet alone says little, and is only told where there is nothing better.
        return found.isEmpty ? [beginningOfMQTT(bytes), coap(bytes)].compactMap(\.self) : found
    }

    // MARK: Other protocols

    private static func http(_ bytes: RawSpan) -> String? {
        let words = ["GET ", "POST ", "HEAD ", "PUT ", "DELETE ", "OPTIONS ", "PRI * HTTP", "HTTP/1.", "M-SEARCH "]
        guard words.contains(where: { begins(bytes, with: Array($0.utf8)) }) else { return nil }
        return "this is HTTP: a browser or a scraper has the wrong port"
    }

    private static func tls(_ bytes: RawSpan) -> String? {
        guard (0x14...0x18).contains(byte(bytes, 0)), byte(bytes, 1) == 0x03, byte(bytes, 2) <= 0x04 else { return nil }
        return "this is a TLS record: the sender expects TLS, which belongs to the broker's side"
    }

    private static func dtls(_ bytes: RawSpan) -> String? {
        guard (0x14...0x19).contains(byte(bytes, 0)), byte(bytes, 1) == 0xFE,
            [0xFC, 0xFD, 0xFF].contains(byte(bytes, 2))
        else { return nil }
        return "this is a DTLS record: the sender encrypts, and the gateway's port is plain UDP"
    }

    /// A whole packet, or the beginning of a CONNECT of any version.
    private static func mqtt(_ bytes: RawSpan) -> String? {
        if bytes.byteCount > 2, let packet = try? Packet.decode(bytes) {
            return "these are the octets of an MQTT \(packet.type.specificationName): is this plain MQTT sent by UDP?"
        }
        for name in ["MQTT", "MQIsdp"] {
            let octets = Array(name.utf8)
            for offset in 2...5 where byte(bytes, 0) == 0x10 && matches(bytes, octets, at: offset + 2) {
                guard bytes.uint16(at: offset).map(Int.init) == octets.count else { continue }
                let level = byte(bytes, offset + 2 + octets.count)
                let version = level == 5 ? " 5" : level == 3 ? " 3.1" : ""
                return "this is an MQTT\(version) CONNECT: MQTT needs TCP and a broker, this port speaks MQTT-SN"
            }
        }
        return nil
    }

    private static func beginningOfMQTT(_ bytes: RawSpan) -> String? {
        let first = byte(bytes, 0)
        guard let type = PacketType(rawValue: first >> 4), bytes.byteCount > 1 else { return nil }
        let isPublish = type == .publish && first & 0x06 != 0x06
        guard isPublish || first == 0x10 || first == 0x82 else { return nil }
        return "0x\(Hexadecimal.number(UInt64(first), digitCount: 2)) is also the first octet of an MQTT"
            + " \(type.specificationName): is this plain MQTT sent by UDP?"
    }

    private static func xbee(_ bytes: RawSpan) -> String? {
        guard byte(bytes, 0) == 0x7E, let length = bytes.uint16(at: 1).map(Int.init), length > 0,
            bytes.byteCount >= length + 4
        else { return nil }
        let sum = (3...length + 3).reduce(UInt8(0)) { $0 &+ byte(bytes, $1) }
        guard sum == 0xFF else { return nil }
        return "this is an XBee API frame of type 0x\(Hexadecimal.number(UInt64(byte(bytes, 3)), digitCount: 2)):"
            + " serial octets, not a datagram; the radio belongs to a [[serial]] of the gateway"
    }

    private static func serial(_ bytes: RawSpan) -> String? {
        let (first, last) = (byte(bytes, 0), byte(bytes, bytes.byteCount - 1))
        guard bytes.byteCount > 3, first == last, first == 0xC0 || first == 0x7E else { return nil }
        return "this looks like a frame of \(first == 0xC0 ? "SLIP" : "HDLC"): serial octets, not a datagram"
    }

    private static func coap(_ bytes: RawSpan) -> String? {
        guard byte(bytes, 0) & 0xC0 == 0x40, byte(bytes, 0) & 0x0F <= 8, bytes.byteCount >= 4 else { return nil }
        let (group, detail) = (byte(bytes, 1) >> 5, byte(bytes, 1) & 0x1F)
        guard group == 0 && (1...7).contains(detail) || [2, 4, 5].contains(group) && detail <= 8 else { return nil }
        return "this may be CoAP, whose messages begin like that"
    }

    private static func text(_ bytes: RawSpan) -> String? {
        guard bytes.byteCount >= 4 else { return nil }
        let octets = bytes.copy(of: 0..<min(bytes.byteCount, 4_096))
        let trimmed = octets.filter { $0 != 0x0A && $0 != 0x0D && $0 != 0x20 }
        guard octets.allSatisfy({ 0x20...0x7E ~= $0 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }) else { return nil }
        if let inner = Hexadecimal.octets(trimmed), !inner.isEmpty {
            let span = inner.span
            let isMessage = DatagramWords.isMessage(span.bytes)
            return "these are hexadecimal digits as text"
                + (isMessage ? ", of \(DatagramWords.line(of: span.bytes))" : "")
        }
        return "this is text: \(ForeignText.quoted(octets, limit: 48))"
    }

    // MARK: Other versions of MQTT-SN

    /// MQTT-SN 2.0 has other message types, and its CONNECT names the version behind a packet identifier.
    private static func versionTwo(_ bytes: RawSpan) -> String? {
        guard byte(bytes, 0) == bytes.byteCount else { return nil }
        if byte(bytes, 1) == 0x01, bytes.byteCount >= 10, byte(bytes, 5) == 2 {
            return "this is a CONNECT of MQTT-SN 2.0, which this gateway does not speak"
        }
        guard byte(bytes, 1) == 0x03, bytes.byteCount >= 5 else { return nil }
        return "0x03 is the type of PUBLISH in MQTT-SN 2.0, which this gateway does not speak"
    }

    // MARK: Lengths that senders get wrong

    private static func lengths(_ bytes: RawSpan) -> [String?] {
        guard let header = try? MessageHeader(at: 0, of: bytes), MessageType(rawValue: header.typeCode) != nil,
            header.typeCode != MessageType.encapsulated.rawValue, header.declaredByteCount != bytes.byteCount
        else { return [swapped(bytes)] }
        let (declared, count) = (header.declaredByteCount, bytes.byteCount)
        if header.isLongForm, declared == 255, count == 257 {
            return ["the Eclipse Paho C library sends this for 248 octets of data: gateway.lenient takes it"]
        }
        if header.isLongForm, let other = swapped(bytes) { return [other] }
        if declared == count - header.byteCount || declared == count - header.byteCount + 1 {
            return ["Length must count itself and MsgType"]
        }
        return [declared > count ? "the datagram may have been cut off on its way" : nil]
    }

    private static func swapped(_ bytes: RawSpan) -> String? {
        let length = bytes.uint16(at: 1)?.byteSwapped
        guard byte(bytes, 0) == 1, length == UInt16(exactly: bytes.byteCount) else { return nil }
        return "the two octets of Length are swapped: the first one is the more significant"
    }

    private static func secondMessage(_ bytes: RawSpan) -> String? {
        guard let header = try? MessageHeader(at: 0, of: bytes), header.declaredByteCount < bytes.byteCount,
            header.typeCode != MessageType.encapsulated.rawValue,
            (try? Message.decode(bytes.extracting(0..<header.declaredByteCount))) != nil,
            let second = try? Message.decode(bytes.extracting(header.declaredByteCount..<bytes.byteCount))
        else { return nil }
        return "a second message, \(second.type.specificationName), follows at offset \(header.declaredByteCount):"
            + " each message needs a datagram of its own"
    }

    // MARK: Octets

    /// The octet at `offset`; 0 behind the end.
    private static func byte(_ bytes: RawSpan, _ offset: Int) -> UInt8 { bytes.byte(at: offset) ?? 0 }

    private static func begins(_ bytes: RawSpan, with octets: [UInt8]) -> Bool { matches(bytes, octets, at: 0) }

    private static func matches(_ bytes: RawSpan, _ octets: [UInt8], at offset: Int) -> Bool {
        guard bytes.byteCount >= offset + octets.count else { return false }
        return bytes.equals(octets.span.bytes, in: offset..<offset + octets.count)
    }
}
