import Configuration
import GatewayCore
import Time
import TraceFile
package import Transports

/// The running gateway's trace on its way to a file: bounded, and given up rather than that the gateway fails with it.
///
/// An event is in the file before the core handles it, so that the one that ends the process is there too; the gateway
/// waits for that `write(2)`, and so for a slow disk.
final class Recorder {
    /// Octets kept for the last line.
    private static let reserve = 64

    /// nil once the recording has ended.
    private var file: NewFile?
    private let path: String
    private var remainingByteCount: Int
    private let log: Log
    private var effectHash = EffectHash()
    /// What is not in the file yet: it holds the hash of the event before at most.
    private var pending: [UInt8] = []

    /// Creates the file and writes the head of `trace`.
    init(_ trace: Trace, path: String, maximumByteCount: Int, log: Log) throws(RecorderError) {
        (self.path, self.log) = (path, log)
        pending.appendTraceHead(seed: trace.seed, configuration: trace.configuration, note: trace.note)
        remainingByteCount = maximumByteCount - pending.count - Self.reserve
        guard remainingByteCount > 0 else {
            throw .limitTooSmall(path: path, neededByteCount: pending.count + Self.reserve)
        }
        do throws(IOError) {
            let file = try NewFile(path: path)
            try file.append(pending.span.bytes)
            self.file = consume file
        } catch {
            throw .cannotCreate(error)
        }
        pending.removeAll(keepingCapacity: true)
        log.write(.info, "recording to \(path): at most \(maximumByteCount) octets, with the content of all messages")
    }

    /// Writes what the core is about to be told.
    func willHandle(_ event: Event, _ bytes: RawSpan, at now: Instant) {
        guard file != nil else { return }
        let before = pending.count
        pending.appendTracedEvent(event, bytes, at: now)
        writeLine(since: before)
    }

    /// Writes the configuration that the core is about to be given.
    func willReconfigure(_ configuration: GatewayConfiguration, at now: Instant) {
        guard file != nil else { return }
        let before = pending.count
        pending.appendTracedConfiguration(configuration, at: now)
        writeLine(since: before)
    }

    /// Writes the session that the core is about to go on with.
    func willRestore(_ record: [UInt8], from peer: PeerID?, network: UInt16, age: TimeSpan, at now: Instant) {
        guard file != nil else { return }
        let before = pending.count
        pending.appendTracedSession(record, from: peer, network: network, age: age, at: now)
        writeLine(since: before)
    }

    /// Writes what was appended since `before`, where the limit allows it.
    private func writeLine(since before: Int) {
        let byteCount = pending.count - before + [UInt8].tracedHashByteCount
        guard byteCount <= remainingByteCount else {
            pending.removeLast(pending.count - before)
            finish(.limitReached)
            return
        }
        remainingByteCount -= byteCount
        flush()
    }

    /// Takes note of what the core did about it.
    func hasHandled(_ effects: borrowing Effects, at now: Instant) {
        guard file != nil else { return }
        effectHash.combine(effects, at: now)
        pending.appendTracedHash(effectHash.value)
    }

    /// Writes the rest of the last line.
    func flush() {
        guard file != nil, !pending.isEmpty else { return }
        do {
            try file?.append(pending.span.bytes)
            pending.removeAll(keepingCapacity: true)
        } catch {
            file = nil
            log.write(.warning, "recording ended, the gateway goes on: \(error)")
        }
    }

    /// Ends the recording and says why in its last line.
    func finish(_ ending: Trace.Ending) {
        guard file != nil else { return }
        pending.appendTraceEnd(ending)
        flush()
        guard file != nil else { return }
        file = nil
        if ending == .limitReached { log.write(.warning, "recording ended, its limit is reached: \(path)") }
    }
}

/// Why nothing can be recorded.
package enum RecorderError: Error, Equatable, Sendable, CustomStringConvertible {
    case cannotCreate(IOError)
    /// The trace's head alone is longer than the limit.
    case limitTooSmall(path: String, neededByteCount: Int)

    /// What happened, and what to do.
    package var description: String {
        switch self {
        case .cannotCreate(let error):
            "cannot record: \(error)"
                + (error.isAlreadyThere
                    ? "; a recording is never overwritten: name a new file, or remove that one" : "")
        case .limitTooSmall(let path, let neededByteCount):
            "cannot record to \(path): the configuration alone takes \(neededByteCount) octets;"
                + " allow more with --record-limit"
        }
    }
}
