// Proves that every vector, and nothing near it, decodes to what the specification says.

import Bytes
import MQTTSN
import Testing

@Suite struct DecodeTests {
    @Test("GW-01 GW-07 GW-80 Every valid datagram decodes to what the specification says", arguments: ValidVector.all)
    func validDatagramDecodes(vector: ValidVector) throws {
        let bytes = vector.bytes
        let message = try decoded(bytes).get()
        #expect(message == vector.expected)
        #expect(message.ranges.map { Array(bytes[$0]) } == vector.parts.map { octets($0) })
        let lenient = decoded(bytes, tolerance: .lenient)
        #expect(lenient == .success(message))
    }

    /// What is wrong only in meaning decodes for its reader to judge.
    @Test(
        "GW-03 GW-04 GW-05 GW-83 Every invalid datagram is refused for the right reason", arguments: InvalidVector.all)
    func invalidDatagramIsRefusedForTheRightReason(vector: InvalidVector) {
        let result = decoded(vector.bytes)
        #expect(result == vector.outcome.result)
    }

    @Test("GW-03 AMB-31 Every truncation and every trailing octet is refused", arguments: ValidVector.all)
    func everyTruncationAndEveryTrailingOctetIsRefused(vector: ValidVector) {
        let bytes = vector.bytes
        // The largest would take minutes, and its prefixes differ in nothing but size.
        let step = bytes.count > 2000 ? 997 : 1
        for count in stride(from: 0, to: bytes.count, by: step) {
            for tolerance in [DecodeTolerance.strict, .lenient] {
                if case .success(let message) = decoded(Array(bytes.prefix(count)), tolerance: tolerance) {
                    Issue.record("the first \(count) octets decoded to \(message)")
                }
            }
        }
        for trailing in [[0x00], [0x02, 0x16]] as [[UInt8]] {
            if case .success(let message) = decoded(bytes + trailing) {
                Issue.record("\(trailing) after the message decoded to \(message)")
            }
        }
    }

    @Test("GW-04 Exactly the 28 types of §5.2.2 are known, in both Length forms")
    func everyReservedTypeIsRefused() {
        let reserved: [ClosedRange<UInt8>] = [
            0x03...0x03, 0x11...0x11, 0x19...0x19, 0x1E...0xFD, 0xFF...0xFF,
        ]
        for code in UInt8.min...UInt8.max {
            let isReserved = reserved.contains { $0.contains(code) }
            for bytes in [[0x02, code], [0x01, 0x00, 0x04, code]] as [[UInt8]] {
                let result = decoded(bytes)
                #expect((result == .failure(DecodeError(.reservedMessageType))) == isReserved)
            }
            #expect((MessageType(rawValue: code) == nil) == isReserved)
        }
        #expect(MessageType.allCases.count == 28)
    }

    @Test("AMB-32 The option accepts the Paho pattern")
    func lenientAcceptsThePahoMiscount() throws {
        let vector = try #require(InvalidVector.all.first { $0.id == "I014" })
        let bytes = vector.bytes
        let result = decoded(bytes, tolerance: .lenient)
        let expected = Message.publish(Publish(flags: Flags(), topicID: 1, messageID: 0, data: 9..<257))
        #expect(result == .success(expected))
        #expect(encoded(expected, from: bytes) == octets("ff0c0000010000" + repeated("41", 248)))

        let forwarded = decoded(octets("04fe0007") + bytes, tolerance: .lenient)
        #expect(
            forwarded == .success(.encapsulated(Encapsulated(radius: 0, nodeID: 3..<4, inner: 4..<261))))
        let strict = decoded(octets("04fe0007") + bytes)
        #expect(strict == .failure(DecodeError(.innerMessageFraming)))
    }

    @Test("AMB-32 Exactly that pattern, and nothing else")
    func lenientAcceptsNothingElse() {
        for vector in InvalidVector.all where vector.id != "I014" {
            let result = decoded(vector.bytes, tolerance: .lenient)
            #expect(result == vector.outcome.result, "\(vector.testDescription)")
        }
        let others: [(header: String, present: Int)] = [
            ("0100fe0c", 256), ("0101000c", 258), ("0100ff0c", 256), ("0100ff0c", 258), ("ff0c", 257),
        ]
        for other in others {
            let header = octets(other.header)
            let bytes = header + [UInt8](repeating: 0, count: other.present - header.count)
            let result = decoded(bytes, tolerance: .lenient)
            #expect(result == .failure(DecodeError(.lengthMismatch)))
        }
    }

    /// The ranges index the span that was given, also when it is a part of something larger.
    @Test func rangesAreOffsetsIntoTheGivenSpan() throws {
        let bytes = octets("ffff") + octets("04166331") + octets("ff")
        let message = try Message.decode(bytes.span.bytes.extracting(2..<6))
        #expect(message == .pingRequest(clientID: 2..<4))
    }
}
