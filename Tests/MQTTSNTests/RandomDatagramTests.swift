// Proves that no datagram traps, and that whatever decodes survives being sent again.

import Bytes
import MQTTSN
import Testing

@Suite struct RandomDatagramTests {
    /// Four quarters of a million datagrams, which run side by side.
    @Test("GW-90 No datagram traps, and what decodes survives being sent again", arguments: [1, 2, 3, 4] as [UInt64])
    func randomAndMutatedDatagramsAreHarmless(seed: UInt64) {
        var datagrams = DatagramGenerator(seed: seed)
        var survey = DatagramSurvey()
        for index in 0..<250_000 {
            datagrams.makeNext()
            if let fault = survey.faultOfDecoding(datagrams.bytes, tolerance: index & 1 == 0 ? .strict : .lenient) {
                Issue.record("\(fault): \(datagrams.bytes)")
                return
            }
        }
        // A survey that never reached a message or a refusal would prove nothing about it.
        #expect(survey.decodedTypes == Set(MessageType.allCases))
        #expect(survey.refusals == Set(DecodeReason.allCases))
    }
}

/// Checks one datagram after the other and remembers what has been seen.
private struct DatagramSurvey {
    var decodedTypes: Set<MessageType> = []
    var refusals: Set<DecodeReason> = []
    private var first: [UInt8] = []
    private var second: [UInt8] = []

    /// What is wrong with decoding `bytes` and sending the message again, or nil.
    mutating func faultOfDecoding(_ bytes: [UInt8], tolerance: DecodeTolerance) -> String? {
        let message: Message
        do {
            message = try Message.decode(bytes.span.bytes, tolerance: tolerance)
        } catch {
            refusals.insert(error.reason)
            return nil
        }
        decodedTypes.insert(message.type)
        for range in message.ranges where range.lowerBound < 2 || range.upperBound > bytes.count {
            return "range \(range) outside"
        }
        first.removeAll(keepingCapacity: true)
        first.appendMessage(message, from: bytes.span.bytes)
        guard first.count == message.encodedByteCount else { return "encodedByteCount is wrong" }
        return faultOfSending(message, movedBy: message.type == .encapsulated ? 0 : first.count - bytes.count)
    }

    private mutating func faultOfSending(_ message: Message, movedBy delta: Int) -> String? {
        // What a lenient gateway took from a forwarder it passes on unchanged, miscount included.
        let tolerance: DecodeTolerance = message.type == .encapsulated ? .lenient : .strict
        guard let again = try? Message.decode(first.span.bytes, tolerance: tolerance) else {
            return "does not decode again"
        }
        guard again == message.sent(movedBy: delta) else { return "decodes again to \(again)" }
        let sent = first
        second.removeAll(keepingCapacity: true)
        second.appendMessage(again, from: sent.span.bytes)
        return sent == second ? nil : "is sent again as \(second)"
    }
}

/// Makes datagrams from a seed: noise, noise behind a right header, mutated vectors, and any of these encapsulated.
private struct DatagramGenerator {
    private(set) var bytes: [UInt8] = []
    private var random: SplitMix64
    private let samples: [[UInt8]]

    init(seed: UInt64) {
        random = SplitMix64(state: seed)
        samples = (ValidVector.all.map(\.bytes) + InvalidVector.all.map(\.bytes)).filter { $0.count < 2000 }
    }

    mutating func makeNext() {
        bytes.removeAll(keepingCapacity: true)
        switch random.below(10) {
        case 0: appendNoise(random.below(40))
        case 1, 2, 3, 4: makeNoiseBehindAHeader()
        case 5, 6, 7, 8: makeMutatedSample()
        default: makeEncapsulation()
        }
    }

    private mutating func appendNoise(_ count: Int) {
        for _ in 0..<count { bytes.append(UInt8(truncatingIfNeeded: random.next())) }
    }

    private mutating func makeNoiseBehindAHeader() {
        let type = random.below(16) == 0 ? 0xFE : UInt8(random.below(0x20))
        bytes += random.below(4) == 0 ? [0x01, 0x00, 0x00, type] : [0x00, type]
        appendNoise(random.below(12))
        repairLength()
    }

    private mutating func makeMutatedSample() {
        bytes += samples[random.below(samples.count)]
        for _ in 0...random.below(3) { mutate() }
        if random.below(2) == 0 { repairLength() }
    }

    private mutating func makeEncapsulation() {
        let nodeByteCount = random.below(4)
        bytes += [UInt8(3 + nodeByteCount), 0xFE]
        appendNoise(1 + nodeByteCount)
        bytes += samples[random.below(samples.count)]
        if random.below(2) == 0 { mutate() }
    }

    private mutating func mutate() {
        guard !bytes.isEmpty else { return }
        // The first octets hold the header, where most decisions are made.
        let index = random.below(random.below(2) == 0 ? min(8, bytes.count) : bytes.count)
        switch random.below(5) {
        case 0: bytes[index] ^= 1 << UInt8(random.below(8))
        case 1: bytes[index] = UInt8(truncatingIfNeeded: random.next())
        case 2: bytes.remove(at: index)
        case 3: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: index)
        default: bytes.removeLast(bytes.count - index)
        }
    }

    private mutating func repairLength() {
        if bytes.first == 0x01, bytes.count >= 3 {
            bytes[1] = UInt8(truncatingIfNeeded: bytes.count >> 8)
            bytes[2] = UInt8(truncatingIfNeeded: bytes.count)
        } else if !bytes.isEmpty {
            bytes[0] = UInt8(truncatingIfNeeded: bytes.count)
        }
    }
}

/// A small generator of random numbers whose whole sequence is its seed (Steele, Lea, Flood 2014).
private struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to but not including `bound`, which is small: the bias does not matter here.
    mutating func below(_ bound: Int) -> Int {
        Int(next() % UInt64(bound))
    }
}
