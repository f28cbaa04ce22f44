// Proves that the framings write and read the byte strings of their specifications and of captures.

import Bytes
import LinkFraming
import Testing

@Suite struct VectorTests {
    @Test(arguments: XBeeVector.all) func xbeeFramesAreWrittenInBothModes(_ vector: XBeeVector) {
        #expect(framed(vector.data, as: .xbee(isEscaped: false)) == vector.mode1)
        #expect(framed(vector.data, as: .xbee(isEscaped: true)) == vector.mode2)
    }

    @Test(arguments: XBeeVector.all) func xbeeFramesAreReadInBothModes(_ vector: XBeeVector) {
        var mode1 = Framer(.xbee(isEscaped: false), maximumFrameByteCount: 512)
        #expect(mode1.frames(in: vector.mode1) == [vector.data])
        var mode2 = Framer(.xbee(isEscaped: true), maximumFrameByteCount: 512)
        #expect(mode2.frames(in: vector.mode2) == [vector.data])
        #expect(!mode1.isIncomplete && !mode2.isIncomplete)
    }

    @Test(arguments: XBeeVector.all) func xbeeFrameDataIsUnderstoodAndWrittenAgain(_ vector: XBeeVector) throws {
        let frame = try decode(vector.data)
        if frame != .other(type: 0x23) { #expect(encode(frame, from: vector.data) == vector.data) }
        #expect((vector.name == "escapes [V]") == (frame == .other(type: 0x23)))
    }

    @Test(arguments: FramingVector.all) func datagramsAreFramedAndFound(_ vector: FramingVector) {
        #expect(framed(vector.datagram, as: vector.framing) == vector.wire)
        var framer = Framer(vector.framing, maximumFrameByteCount: 64)
        #expect(framer.frames(in: vector.wire + vector.wire) == [vector.datagram, vector.datagram])
        #expect(framer.counters.frames == 2 && framer.counters.discardedByteCount == 0)
    }

    @Test("RFC 1662 §C: the check value of CRC-16/X-25") func checkValue() {
        let digits = Array("123456789".utf8)
        let value = FrameCheckSequence(of: digits.span.bytes, in: 0..<9).value
        #expect(value == 0x906E)
    }

    /// Blocks of 253, 254, 255 and 508 octets without a zero: COBS's own boundaries.
    @Test(arguments: [1, 253, 254, 255, 256, 508, 509]) func cobsBlocksEndWhereTheyMust(byteCount: Int) {
        let datagram = [UInt8](repeating: 7, count: byteCount)
        let wire = framed(datagram, as: .cobs(hasChecksum: false))
        #expect(wire.count == byteCount + (byteCount + 253) / 254 + 1)
        #expect(wire.dropLast().allSatisfy { $0 != 0 })
        var framer = Framer(.cobs(hasChecksum: false), maximumFrameByteCount: 600)
        #expect(framer.frames(in: wire) == [datagram])
    }

    @Test func messagesWithTheLongLengthAreCut() {
        let message = [0x01, 0x01, 0x2C, 0x0C] + [UInt8](repeating: 0x20, count: 296)
        var framer = Framer(.lengthPrefixed, maximumFrameByteCount: 300)
        #expect(framer.frames(in: message + [2, 0x18]) == [message, [2, 0x18]])
    }

    @Test func fieldsLieWhereTheyShould() throws {
        let status = try decode(octets("8B 04 7D 84 02 25 03"))
        #expect(
            status
                == .transmitStatus(
                    XBeeTransmitStatus(
                        frameID: 4, destination16: XBeeAddress16(0x7D84), retryCount: 2, delivery: .routeNotFound,
                        discovery: 3)))
        let packet = XBeeReceivePacket(
            source64: XBeeAddress64(0x0013_A200_4052_2BAA), source16: XBeeAddress16(0x7D84), options: .broadcast,
            payload: 12..<15)
        #expect(try decode(octets("90 0013A20040522BAA 7D84 02 030100")) == .receivePacket(packet))
        let application = XBeeApplication(
            sourceEndpoint: 1, destinationEndpoint: 2, cluster: 0x0304, profile: 0x0506)
        let request = XBeeTransmitRequest(
            frameID: 9, destination64: .broadcast, destination16: .unknown, radius: 7, options: 0x40, payload: 20..<22)
        #expect(
            try decode(octets("11 09 000000000000FFFF FFFE 01 02 0304 0506 07 40 0218"))
                == .explicitTransmit(XBeeExplicitTransmit(request: request, application: application)))
        #expect(
            try decode(octets("81 1234 28 02 0218"))
                == .legacyReceive16(
                    source: XBeeAddress16(0x1234),
                    LegacyReception(signalStrength: 40, options: .broadcast, payload: 5..<7)))
    }

    /// Every code of a status octet survives, known or not.
    @Test func statusOctetsAreKept() {
        for octet in UInt8.min...UInt8.max {
            #expect(XBeeDeliveryStatus(octet).octet == octet)
            #expect(XBeeModemStatus(octet).octet == octet)
            #expect(ATStatus(octet).octet == octet)
        }
    }

    /// What is cut short is refused; where the rest may be empty, down to its last fixed field.
    @Test(arguments: XBeeVector.all) func cutFramesAreRefusedOrConsistent(_ vector: XBeeVector) {
        var refusedCount = 0
        for count in 0..<vector.data.count {
            let data = Array(vector.data.prefix(count))
            guard let frame = try? decode(data) else {
                refusedCount += 1
                continue
            }
            if case .other = frame { continue }
            if encode(frame, from: data) != data { Issue.record("\(vector.name) cut to \(count) became \(frame)") }
        }
        #expect(refusedCount > 0)
        if [0x8A, 0x8B, 0x89].contains(vector.data[0]) {
            #expect(refusedCount == vector.data.count)
            #expect(throws: XBeeFrameError.self) { try decode(vector.data + [0]) }
        }
    }
}

func decode(_ data: [UInt8]) throws(XBeeFrameError) -> XBeeFrame { try XBeeFrame.decode(data.span.bytes) }

func encode(_ frame: XBeeFrame, from source: [UInt8]) -> [UInt8] {
    var data: [UInt8] = []
    data.appendFrameData(of: frame, from: source.span.bytes)
    return data
}
