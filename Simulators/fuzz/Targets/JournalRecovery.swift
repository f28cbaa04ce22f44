// The target `Journal`: whatever the octets of a journal's segments are, reading them ends, and brings only what was
// once written. Its checksums would keep a fuzzer out, so two of three ways go behind them.

import Bytes
import Journal

/// What is wrong with reading a journal made of `input`; nil when nothing is. The first octet says how it is made.
func faultOfJournal(_ input: RawSpan) -> String? {
    guard let way = input.byte(at: 0) else { return nil }
    let rest = input.copy(of: 1..<input.byteCount)
    switch way % 3 {
    case 0: return faultOfReading([(name: 1, octets: rest)])
    case 1: return faultOfReading([(name: 1, octets: PlainJournal.segment(records: rest))])
    default: return DamagedJournal.fault(rest)
    }
}

/// What a reading must keep to, of which segments it ever is.
private func faultOfReading(_ segments: [(name: UInt64, octets: [UInt8])]) -> String? {
    guard let found = try? JournalReader.recover(segments, gatewayID: nil) else { return nil }
    let sizes = Dictionary(uniqueKeysWithValues: segments.map { ($0.name, $0.octets.count) })
    for cut in found.cuts where cut.offset + cut.byteCount > sizes[cut.segment] ?? 0 { return "a cut behind the end" }
    for damage in found.damages {
        if let name = damage.segment, damage.offset + damage.byteCount > sizes[name] ?? 0 { return "damage behind it" }
        if damage.description.isEmpty { return "damage without a word" }
    }
    if Set(found.entries.map(\.key)).count != found.entries.count { return "a key has two values" }
    // Another life goes on with it, and finds the same again.
    var writer = JournalWriter(continuing: found, gatewayID: 1, newStoreID: 3)
    var batch = JournalBatch()
    let moment = ClockReading(wall: 1, sinceBoot: 1, boot: ClockReading.Boot(high: 0, low: 0))
    for entry in found.entries { batch.put(entry.key, entry.value, asOf: entry.moment) }
    let write = writer.append(batch, at: moment, isWhole: true)
    let again = try? JournalReader.recover([(name: write.newSegment ?? 0, octets: write.octets)], gatewayID: 1)
    guard let again, again.damages.isEmpty, again.nextSequence == write.sequence + 1 else { return "not written well" }
    return again.entries.map(\.value) == found.entries.map(\.value) ? nil : "other values after another life"
}

/// A writer of the format that shares nothing with the product's but the checksum: `Format.md` in code.
private enum PlainJournal {
    private static let storeID: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]

    /// Each record of the input: its flags, its length, and what is in it, all with checksums that are right.
    static func segment(records input: [UInt8]) -> [UInt8] {
        var head = Array("SWFTJRNL".utf8) + [0, 1, 1, 0] + storeID + number(1, 8)
        head += number(UInt64(checksum(head, salted: false)), 4)
        var octets = head + head
        var rest = input[...]
        var sequence: UInt64 = 1
        while let flags = rest.popFirst(), let count = rest.popFirst() {
            // Gaps are as likely as anything.
            sequence += flags & 0x80 != 0 ? 2 : 0
            let payload = Array(rest.prefix(Int(count)))
            rest = rest.dropFirst(Int(count))
            var record = Array("SWJR".utf8) + [flags & 3, 0, 0, 0] + number(UInt64(payload.count), 4)
            record += number(sequence, 8) + number(UInt64(checksum(payload, salted: true)), 4)
            record += number(UInt64(checksum(record, salted: true)), 4)
            octets += record + payload
            sequence += 1
        }
        return octets
    }

    private static func number(_ value: UInt64, _ byteCount: Int) -> [UInt8] {
        (0..<byteCount).map { UInt8(truncatingIfNeeded: value >> (8 * (byteCount - 1 - $0))) }
    }

    private static func checksum(_ octets: [UInt8], salted: Bool) -> UInt32 {
        let octets = (salted ? storeID : []) + octets
        var checksum = CRC32C()
        let span = octets.span
        checksum.update(span.bytes)
        return checksum.value
    }
}

/// A journal of a few clients in several segments, with damage that the input tells: each three octets are a place and
/// what is done there.
private struct DamagedJournal {
    private static let whole = DamagedJournal()

    private var segments: [UInt64: [UInt8]] = [:]
    private var order: [UInt64] = []
    /// What stood at each key after each batch.
    private var history: [UInt64: [[UInt8]: [UInt8]]] = [0: [:]]

    private init() {
        var writer = JournalWriter(
            continuing: RecoveredJournal(), gatewayID: 1, newStoreID: 0x0102_0304_0506_0708, segmentByteCount: 700)
        var values: [[UInt8]: [UInt8]] = [:]
        for round in 0..<24 {
            var batch = JournalBatch()
            let key = [UInt8(ascii: "a") + UInt8(round % 7)]
            if round % 5 == 4 {
                values[key] = nil
                batch.remove(key)
            } else {
                values[key] = Array("value \(round)".utf8)
                batch.put(key, values[key] ?? [])
            }
            let boot = ClockReading.Boot(high: 1, low: 2)
            let write = writer.append(batch, at: ClockReading(wall: 1, sinceBoot: UInt64(round), boot: boot))
            if let name = write.newSegment { order.append(name) }
            segments[order[order.count - 1], default: []] += write.octets
            history[write.sequence] = values
        }
    }

    static func fault(_ script: [UInt8]) -> String? {
        var journal = whole
        for index in stride(from: 0, to: script.count - 2, by: 3) {
            journal.damage(at: Int(script[index]) << 8 | Int(script[index + 1]), script[index + 2])
        }
        let segments = journal.order.compactMap { name in journal.segments[name].map { (name: name, octets: $0) } }
        return faultOfReading(segments) ?? journal.fault(of: segments)
    }

    /// An octet becomes another, or the segment ends there, or is not there, or has zeros from there on.
    private mutating func damage(at place: Int, _ what: UInt8) {
        let name = order[place % order.count]
        guard var octets = segments[name], !octets.isEmpty else { return }
        let offset = place / order.count % octets.count
        switch what {
        case 0: octets.removeLast(octets.count - offset)
        case 1:
            segments[name] = nil
            return
        case 2: for index in offset..<octets.count { octets[index] = 0 }
        default: octets[offset] ^= what
        }
        segments[name] = octets
    }

    private func fault(of segments: [(name: UInt64, octets: [UInt8])]) -> String? {
        guard let found = try? JournalReader.recover(segments, gatewayID: nil) else { return nil }
        for entry in found.entries {
            if history[entry.sequence]?[entry.key] != entry.value { return "a value that was never there" }
            if !entry.isUncertain, history[found.nextSequence - 1]?[entry.key] != entry.value {
                return "an old value is believed"
            }
        }
        return nil
    }
}
