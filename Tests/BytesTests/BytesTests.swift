// Proves the checked reads, appends and the string check on every length of input.

import Bytes
import Testing

@Suite struct BytesTests {
    @Test func readsAreNilPastTheEnd() {
        let bytes: [UInt8] = [0x12, 0x34, 0x56]
        let span = bytes.span.bytes
        #expect(span.byte(at: 2) == 0x56)
        #expect(span.byte(at: 3) == nil)
        #expect(span.byte(at: -1) == nil)
        #expect(span.uint16(at: 0) == 0x1234)
        #expect(span.uint16(at: 1) == 0x3456)
        #expect(span.uint16(at: 2) == nil)
        #expect(span.uint16(at: -1) == nil)
        #expect(span.uint16(at: Int.max) == nil)
    }

    @Test func readsOfNothingAreNil() {
        let bytes: [UInt8] = []
        let span = bytes.span.bytes
        #expect(span.byte(at: 0) == nil)
        #expect(span.uint16(at: 0) == nil)
        let isAccepted = span.isWellFormedString
        #expect(isAccepted)
    }

    @Test func appendsAreBigEndian() {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: 0xABCD)
        let tail: [UInt8] = [1, 2, 3]
        bytes.append(tail.span.bytes)
        #expect(bytes == [0xAB, 0xCD, 1, 2, 3])
        let span = bytes.span.bytes
        #expect(span.equals(tail.span.bytes, in: 2..<5))
        #expect(!span.equals(tail.span.bytes, in: 1..<4))
        #expect(!span.equals(tail.span.bytes, in: 2..<4))
        #expect(span.copy(of: 1..<3) == [0xCD, 1])
    }

    @Test(
        arguments: [
            [0x00], [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82], [0xF1, 0x80, 0x80], [0x61, 0xFF],
            [0xC3], [0xF1, 0x80, 0x80, 0x61], [0xE1, 0x80, 0xC0],
        ] as [[UInt8]])
    func illFormedStringsAreRefused(bytes: [UInt8]) {
        let isAccepted = bytes.span.bytes.isWellFormedString
        #expect(!isAccepted)
    }

    /// The standard library's own validation is the independent second opinion.
    @Test func stringCheckAgreesWithTheStandardLibraryOnAllShortSequences() {
        let interesting: [UInt8] = [
            0x01, 0x61, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE,
            0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
        ]
        for first in interesting {
            for second in interesting {
                for third in interesting {
                    for fourth in interesting {
                        for count in 1...4 {
                            let bytes = Array([first, second, third, fourth].prefix(count))
                            let expected = String(validating: bytes, as: UTF8.self) != nil
                            if bytes.span.bytes.isWellFormedString != expected {
                                Issue.record("disagreement on \(bytes)")
                            }
                        }
                    }
                }
            }
        }
    }
}
