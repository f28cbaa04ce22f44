import Bytes
import Journal

/// Draws from a seed (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z &>> 31)
    }

    mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &self) }
}

/// The text as octets.
func octets(_ text: String) -> [UInt8] { Array(text.utf8) }

/// A moment so many seconds after the machine's start, ten days before 2026-11-29.
func moment(_ seconds: UInt64) -> ClockReading {
    ClockReading(
        wall: 1_795_000_000_000_000_000 + seconds * 1_000_000_000, sinceBoot: seconds * 1_000_000_000,
        boot: ClockReading.Boot(high: 7, low: 9))
}

/// The segments of a journal as a directory has them.
struct SimulatedDisk: Sendable {
    typealias Segments = [(name: UInt64, octets: [UInt8])]

    var files: [UInt64: [UInt8]] = [:]
    var aside: [UInt64: [UInt8]] = [:]
    private var current: UInt64 = 0

    /// In the order of their names.
    var segments: Segments { files.sorted { $0.key < $1.key }.map { (name: $0.key, octets: $0.value) } }

    /// Does all of `write`, or the first `kept` octets of it and nothing behind them.
    mutating func perform(_ write: JournalWrite, kept: Int? = nil) {
        if let name = write.newSegment {
            precondition(files[name] == nil, "a new segment takes no other's name")
            current = name
            files[name] = []
        }
        files[current]? += write.octets.prefix(kept ?? write.octets.count)
        guard kept == nil else { return }
        for name in write.obsolete { files[name] = nil }
        for name in write.damaged { aside[name] = files.removeValue(forKey: name) }
    }

    /// How far the last write may be there after a crash: a whole number of blocks of 512 octets of the file, or all.
    func blocks(of write: JournalWrite) -> [Int] {
        let start = write.newSegment == nil ? files[current]?.count ?? 0 : 0
        let ends = (start + 1)..<(start + write.octets.count)
        return [0] + ends.filter { $0.isMultiple(of: 512) }.map { $0 - start } + [write.octets.count]
    }

    func recover(gatewayID: UInt8? = 1, acceptsForeign: Bool = false) throws(JournalRefusal) -> RecoveredJournal {
        try JournalReader.recover(segments, gatewayID: gatewayID, acceptsForeign: acceptsForeign)
    }
}

/// A writer over a simulated disk, what stands at each key, and what stood there after each batch.
struct KeptJournal: Sendable {
    var writer: JournalWriter
    var disk = SimulatedDisk()
    /// As it was before the last segment began, as nothing goes before the batch is durable that makes it obsolete.
    private(set) var diskBeforeLastSegment = SimulatedDisk()
    var values: [[UInt8]: [UInt8]] = [:]
    /// By the sequence number of the batch.
    var history: [UInt64: [[UInt8]: [UInt8]]] = [0: [:]]
    private(set) var lastSequence: UInt64 = 0

    init(segmentByteCount: Int = 4 << 20, storeID: UInt64 = 0x0123_4567_89AB_CDEF) {
        writer = JournalWriter(
            continuing: RecoveredJournal(), gatewayID: 1, newStoreID: storeID, segmentByteCount: segmentByteCount)
    }

    /// A batch with these changes, nil for a removal, and what the writer wants written once more.
    mutating func makeWrite(
        _ changes: [(key: [UInt8], value: [UInt8]?)], rewriting byteCount: Int = 0, isWhole: Bool = false
    ) -> JournalWrite {
        var batch = JournalBatch()
        for (key, value) in changes {
            values[key] = value
            if let value { batch.put(key, value) } else { batch.remove(key) }
        }
        let again = isWhole ? values.keys.sorted { $0.lexicographicallyPrecedes($1) } : []
        for key in again + (byteCount > 0 ? writer.keysToRewrite(byteCount: byteCount) : []) {
            if let value = values[key] { batch.put(key, value) } else { batch.remove(key) }
        }
        let write = writer.append(batch, at: moment(lastSequence), isWhole: isWhole)
        lastSequence = write.sequence
        history[write.sequence] = values
        return write
    }

    /// The same, and on the disk.
    mutating func write(_ changes: [(key: [UInt8], value: [UInt8]?)], rewriting byteCount: Int = 0) {
        let write = makeWrite(changes, rewriting: byteCount)
        if write.newSegment != nil { diskBeforeLastSegment = disk }
        disk.perform(write)
    }
}

extension RecoveredJournal {
    var hasDoubt: Bool { entries.contains { $0.isUncertain } }

    /// What stands at each key.
    var values: [[UInt8]: [UInt8]] {
        var values: [[UInt8]: [UInt8]] = [:]
        for entry in entries { values[entry.key] = entry.value }
        return values
    }
}
