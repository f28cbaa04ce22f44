import Testing
import WebSocket

/// Frames in both directions (RFC 6455 §5): what is sent, and what comes, however it is cut.
@Suite struct WebSocketFrameTests {
    /// What the frames said together.
    private struct Heard: Equatable {
        var data: [UInt8] = []
        var controls: [String] = []
        var fault: WebSocketFault?
    }

    /// Reads the octets in pieces that end at `cuts`; the data is told as one stream, as MQTT has it.
    private static func read(_ bytes: [UInt8], cuts: [Int] = []) -> Heard {
        var reader = WebSocketFrameReader()
        var heard = Heard()
        var start = 0
        for end in cuts + [bytes.count] {
            let part = Array(bytes[start..<end])
            start = end
            guard hear(part, &reader, &heard) else { break }
        }
        return heard
    }

    private static func hear(_ part: [UInt8], _ reader: inout WebSocketFrameReader, _ heard: inout Heard) -> Bool {
        var position = 0
        do throws(WebSocketFault) {
            while true {
                switch try reader.next(part.span.bytes, from: &position) {
                case .data(let range): heard.data += part[range]
                case .ping: heard.controls.append("ping \(reader.controlPayload) after \(heard.data.count)")
                case .pong: heard.controls.append("pong \(reader.controlPayload) after \(heard.data.count)")
                case .close(let close):
                    heard.controls.append("close \(close) after \(heard.data.count)")
                    return false
                case .incomplete: return position == part.count
                }
            }
        } catch {
            heard.fault = error
            return false
        }
    }

    // MARK: What comes

    /// RFC 6455 §5.7's forms, with binary data, control frames between fragments, and lengths of all three kinds.
    private static let conversation: [UInt8] =
        [0x82, 0x05, 1, 2, 3, 4, 5] + [0x82, 0x00] + [0x02, 0x02, 6, 7] + [0x89, 0x02, 0xA, 0xB]
        + [0x00, 0x00] + [0x00, 0x01, 8] + [0x8A, 0x00] + [0x80, 0x02, 9, 10]
        + [0x82, 0x7E, 0x00, 0x80] + [UInt8](repeating: 11, count: 128)
        + [0x82, 0x7F, 0, 0, 0, 0, 0, 0, 0, 3, 12, 13, 14] + [0x89, 0x00] + [0x88, 0x05, 0x03, 0xE9, 0x62, 0x79, 0x65]

    private static let said = Heard(
        data: Array(1...10) + [UInt8](repeating: 11, count: 128) + [12, 13, 14],
        controls: [
            "ping [10, 11] after 7", "pong [] after 8", "ping [] after 141",
            "close WebSocketClose(code: Optional(1001), reason: [98, 121, 101]) after 141",
        ])

    @Test("RFC 6455 §5.4, MQTT-6.0.0-2 Frames mean the same wherever they are cut") func everyCut() {
        let bytes = Self.conversation
        #expect(Self.read(bytes) == Self.said)
        #expect(Self.read(bytes, cuts: Array(1..<bytes.count)) == Self.said, "octet by octet")
        for first in 0...bytes.count {
            for second in first...bytes.count where Self.read(bytes, cuts: [first, second]) != Self.said {
                Issue.record("cut at \(first) and \(second): \(Self.read(bytes, cuts: [first, second]))")
            }
        }
    }

    @Test("RFC 6455 §5.5.2 A ping has up to 125 octets") func longestPing() {
        let payload = Array(UInt8(0)..<125)
        let heard = Self.read([0x89, 125] + payload)
        #expect(heard.controls == ["ping \(payload) after 0"])
    }

    /// Not even the length of a message is waited for: what there is of it is handed on.
    @Test("RFC 6455 §5.2 The longest frame is handed on as it comes") func longestFrame() {
        let heard = Self.read([0x82, 0x7F, 0x7F] + [UInt8](repeating: 0xFF, count: 7) + [1, 2, 3])
        #expect(heard == Heard(data: [1, 2, 3]))
    }

    @Test(
        "RFC 6455 §5, MQTT-6.0.0-1 What a server must not send",
        arguments: [
            ([0x81, 0x01, 0x61], .text), ([0x01], .text), ([0x82, 0x81, 1, 2, 3, 4, 5], .masked),
            ([0x89, 0x80], .masked), ([0xC2, 0x00], .reservedBits), ([0xA2], .reservedBits), ([0x92], .reservedBits),
            ([0x83], .reservedType), ([0x87], .reservedType), ([0x8B], .reservedType), ([0x8F], .reservedType),
            ([0x82, 0x7F, 0x80], .impossibleLength), ([0x09, 0x00], .badControlFrame),
            ([0x08, 0x00], .badControlFrame), ([0x89, 0x7E, 0x00, 0x7E], .badControlFrame),
            ([0x88, 0x7F], .badControlFrame), ([0x80, 0x00], .brokenMessage), ([0x00], .brokenMessage),
            ([0x02, 0x01, 7, 0x82, 0x00], .brokenMessage), ([0x02, 0x00, 0x80, 0x00, 0x80], .brokenMessage),
            ([0x88, 0x01, 0x03], .badClose), ([0x88, 0x03, 0x03, 0xED, 0x78], .badClose),
        ] as [([UInt8], WebSocketFault)])
    func faults(bytes: [UInt8], fault: WebSocketFault) {
        #expect(Self.read(bytes).fault == fault)
        #expect(Self.read(bytes, cuts: Array(1..<bytes.count)).fault == fault)
        #expect(fault.code == (fault == .text ? 1_003 : 1_002))
    }

    @Test(
        arguments: [
            ([], nil, [], nil, true), ([0x03, 0xE8], 1_000, [], "normal closure", true),
            ([0x03, 0xF0, 0x78], 1_008, [0x78], "policy violation", false), ([0x0F, 0xA0], 4_000, [], nil, false),
        ] as [([UInt8], UInt16?, [UInt8], String?, Bool)])
    func closes(payload: [UInt8], code: UInt16?, reason: [UInt8], words: String?, isUsual: Bool) {
        let close = WebSocketClose(code: code, reason: reason)
        #expect(Self.read([0x88, UInt8(payload.count)] + payload).controls == ["close \(close) after 0"])
        #expect(close.words == words && close.isUsual == isUsual)
    }

    @Test("RFC 6455 §7.4 Some codes are never in a frame, and are not sent back")
    func closeCodes() {
        let allowed: [ClosedRange<Int>] = [1_000...1_003, 1_007...1_014, 3_000...4_999]
        for code in 0...65_535 {
            let read = Self.read([0x88, 0x02, UInt8(code >> 8), UInt8(code & 0xFF)])
            let mayBe = allowed.contains { $0.contains(code) }
            if (read.fault == nil) != mayBe || read.controls.count != (mayBe ? 1 : 0) {
                Issue.record("\(code): \(read)")
            }
        }
    }

    // MARK: What is sent

    @Test(
        "RFC 6455 §5.2 A head has the shortest length and the key",
        arguments: [
            (0, [0x80]), (125, [0xFD]), (126, [0xFE, 0x00, 0x7E]), (255, [0xFE, 0x00, 0xFF]),
            (16_384, [0xFE, 0x40, 0x00]),
        ] as [(Int, [UInt8])])
    func heads(byteCount: Int, length: [UInt8]) {
        var head: [UInt8] = []
        WebSocketFrame.appendHead(.binary, byteCount: byteCount, key: 0x0102_03F4, to: &head)
        #expect(head == [0x82] + length + [1, 2, 3, 0xF4])
    }

    @Test func kinds() {
        var heads: [UInt8] = []
        WebSocketFrame.appendHead(.close, byteCount: 0, key: 0, to: &heads)
        WebSocketFrame.appendHead(.pong, byteCount: 0, key: 0, to: &heads)
        #expect(heads == [0x88, 0x80, 0, 0, 0, 0, 0x8A, 0x80, 0, 0, 0, 0])
    }

    @Test("RFC 6455 §5.7 The mask of \"Hello\"") func mask() {
        var octets = Array("Hello".utf8)
        WebSocketFrame.mask(&octets, 0..<5, key: 0x37FA_213D)
        #expect(octets == [0x7F, 0x9F, 0x4D, 0x51, 0x58])
    }

    @Test("RFC 6455 §5.3 Each octet has its part of the key, wherever the payload lies") func everyRange() {
        let key: [UInt8] = [0xA1, 0xB2, 0xC3, 0xD4]
        let octets = Array(UInt8(0)..<40)
        for start in 0...9 {
            for end in start...40 {
                var masked = octets
                WebSocketFrame.mask(&masked, start..<end, key: 0xA1B2_C3D4)
                let expected = octets.indices.map { index in
                    start..<end ~= index ? octets[index] ^ key[(index - start) % 4] : octets[index]
                }
                #expect(masked == expected, "\(start)..<\(end)")
            }
        }
    }
}
