// Proves that no frame traps, that every range lies inside the frame, and that what is accepted is understood.

import Bytes
import MQTT
import Testing

@Suite struct MutationTests {
    /// 500,000 frames in all. A frame that is accepted encodes to itself, so nothing in it was overlooked or invented;
    /// only the Remaining Length may have been longer than needed.
    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func noFrameTraps(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var encoded: [UInt8] = []
        var acceptedCount = 0
        for _ in 0..<100_000 {
            let frame = Self.frame(&random)
            guard let packet = try? decode(frame) else { continue }
            acceptedCount += 1
            if !packet.ranges.allSatisfy({ 0 <= $0.lowerBound && $0.upperBound <= frame.count }) {
                Issue.record("a range of \(packet) leaves \(frame)")
                continue
            }
            encoded.removeAll(keepingCapacity: true)
            encoded.appendPacket(packet, from: frame.span.bytes)
            if Self.shortestForm(of: frame) != encoded {
                Issue.record("\(frame) became \(encoded)")
            }
        }
        #expect(acceptedCount > 1000, "hardly any frame was accepted: this proves nothing")
        #expect(acceptedCount < 99_000, "hardly any frame was refused: this proves nothing")
    }

    /// A random frame, or one of the table with some octets changed, removed or added; mostly with an honest length.
    private static func frame(_ random: inout SplitMix64) -> [UInt8] {
        var frame: [UInt8]
        if random.next() % 4 == 0 {
            frame = random.bytes(count: Int(random.next() % 40))
        } else {
            frame = PacketVector.all[Int(random.next() % UInt64(PacketVector.all.count))].frame
            for _ in 0...(random.next() % 3) { mutate(&frame, &random) }
        }
        if frame.count >= 2, frame.count < 130, random.next() % 8 != 0 { frame[1] = UInt8(frame.count - 2) }
        return frame
    }

    private static func mutate(_ frame: inout [UInt8], _ random: inout SplitMix64) {
        let index = Int(random.next() % UInt64(frame.count + 1))
        let octet = UInt8(truncatingIfNeeded: random.next())
        switch random.next() % 4 {
        case 0 where index < frame.count: frame.remove(at: index)
        case 1: frame.insert(octet, at: index)
        case 2 where index < frame.count: frame[index] ^= 1 << (octet & 7)
        default: if index < frame.count { frame[index] = octet }
        }
    }

    /// The frame with its Remaining Length in as few octets as possible.
    private static func shortestForm(of frame: [UInt8]) -> [UInt8] {
        let lengthEnd = (frame.dropFirst().firstIndex { $0 < 0x80 } ?? 0) + 1
        var length = frame[1..<lengthEnd]
        while length.count > 1, length.last == 0 {
            length.removeLast()
            if let last = length.indices.last { length[last] &= 0x7F }
        }
        return [frame[0]] + length + frame[lengthEnd...]
    }
}
