// Proves the checked reads, appends and the string check on every length of input.

import Bytes
import Testing

@Suite struct BytesTests {
    @Test func readsAreNilPastTheEnd() {
        let bytes: [UInt8] = [0x12, 0x34, 0x56]
        #expect(byte(of: bytes, at: 2) == 0x56)
        #expect(byte(of: bytes, at: 3) == nil)
        #expect(byte(of: bytes, at: -1) == nil)
        #expect(uint16(of: bytes, at: 0) == 0x1234)
        #expect(uint16(of: bytes, at: 1) == 0x3456)
        #expect(uint16(of: bytes, at: 2) == nil)
        #expect(uint16(of: bytes, at: -1) == nil)
        #expect(uint16(of: bytes, at: Int.max) == nil)
    }

    @Test func readsOfNothingAreNil() {
        #expect(byte(of: [], at: 0) == nil)
        #expect(uint16(of: [], at: 0) == nil)
        #expect(isString([]))
    }

    @Test func appendsAreBigEndian() {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: 0xABCD)
        let tail: [UInt8] = [1, 2, 3]
        bytes.append(tail.span.bytes)
        #expect(bytes == [0xAB, 0xCD, 1, 2, 3])
        #expect(isEqual(tail, to: bytes, in: 2..<5))
        #expect(!isEqual(tail, to: bytes, in: 1..<4))
        #expect(!isEqual(tail, to: bytes, in: 2..<4))
        let copy = bytes.span.bytes.copy(of: 1..<3)
        #expect(copy == [0xCD, 1])
    }

    @Test(
        arguments: [
            [0x00], [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82], [0xF1, 0x80, 0x80], [0x61, 0xFF],
            [0xC3], [0xF1, 0x80, 0x80, 0x61], [0xE1, 0x80, 0xC0],
        ] as [[UInt8]])
    func illFormedStringsAreRefused(bytes: [UInt8]) {
        #expect(!isString(bytes))
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
                            if isString(bytes) != expected {
                                Issue.record("disagreement on \(bytes)")
                            }
                        }
                    }
                }
            }
        }
    }

    // A span cannot pass through `#expect`, so these put the answers into plain values.

    private func byte(of bytes: [UInt8], at offset: Int) -> UInt8? { bytes.span.bytes.byte(at: offset) }
    private func uint16(of bytes: [UInt8], at offset: Int) -> UInt16? { bytes.span.bytes.uint16(at: offset) }
    private func isString(_ bytes: [UInt8]) -> Bool { bytes.span.bytes.isWellFormedString }
    private func isEqual(_ part: [UInt8], to bytes: [UInt8], in range: ByteRange) -> Bool {
        bytes.span.bytes.equals(part.span.bytes, in: range)
    }
}
