import FuzzTargets
import GatewaySimulator
import Synchronization
import Testing
import Time
import TraceFile

@testable import GatewayCore

/// Whoever writes down what has changed has every session as it would go on, at any moment.
@Suite struct KeptSessionsTests {
    /// What was written, and where each client was.
    private struct Journal {
        var records: [[UInt8]: SessionRecord] = [:]
        var peers: [[UInt8]: PeerID] = [:]
        var writeCount = 0
        /// Whether its gateway has ended.
        var isClosed = false

        mutating func write(_ changes: [SessionChange]) {
            for change in changes {
                records[change.clientID] = change.record
                peers[change.clientID] = change.peer
                writeCount += 1
            }
        }

        /// - Returns: what is written of a session and would not go on as it does; nil where that is none.
        func fault(of gateway: borrowing Gateway, at now: Instant) -> String? {
            var scratch: [UInt8] = []
            let endOfTime = Instant(nanoseconds: .max)
            let all = gateway.records(at: endOfTime).map { $0.reduced() }
            for record in all {
                let name = String(decoding: record.clientID, as: UTF8.self)
                guard let written = records[record.clientID] else { return "nothing is written of \(name)" }
                // Written at another time: the same once the ages are those at the end of time.
                guard written.timeless.fingerprint(&scratch) == record.timeless.fingerprint(&scratch) else {
                    return "\(name) is written as \(written), and is \(record)"
                }
                if record.phase.isConnected, peers[record.clientID] != gateway.peer(of: record.clientID) {
                    return "\(name) is elsewhere"
                }
            }
            let names = Set(all.map(\.clientID))
            return records.keys.first { !names.contains($0) }.map { "\($0) is written and gone" }
        }
    }

    private func prove(_ world: World) -> String? {
        world.recordsTrace = true
        world.run(steps: 1_500)
        var gateway = Gateway(configuration: world.trace.configuration, seed: world.trace.seed)
        gateway.keepSessions()
        var journal = Journal()
        var effects = Effects()
        for (number, entry) in world.trace.entries.enumerated() {
            effects.removeAll()
            entry.tell(&gateway, into: &effects)
            // Several events are one turn of the loop now and then.
            guard number % 3 != 1 else { continue }
            var changes: [SessionChange] = []
            gateway.takeChanges(at: entry.now) { changes.append($0) }
            journal.write(changes)
            if let fault = journal.fault(of: gateway, at: entry.now) {
                return "seed \(world.seed), event \(number): \(fault)"
            }
        }
        #expect(journal.writeCount > 0)
        return nil
    }

    @Test("GW-42 GW-70 What has changed is written, whatever happens in random worlds", arguments: 1...UInt64(40))
    func worlds(seed: UInt64) {
        let fault = prove(World(seed: seed))
        #expect(fault == nil)
    }

    @Test("GW-42 GW-70 GW-90 What has changed is written in the fuzzer's scripts, and what a life begins with")
    func scripts() throws {
        for input in try FuzzCorpusTests.file(of: .core).inputs {
            let journal = Mutex(Journal())
            let span = input.bytes.span
            let fault = FuzzTarget.core.fault(in: span.bytes) { gateway, _, _, _ in
                let now = gateway.environment.now
                var changes: [SessionChange] = []
                gateway.takeChanges(at: now) { changes.append($0) }
                return journal.withLock { journal in
                    // The next life writes again what it goes on with.
                    if journal.isClosed, !gateway.isSuspended { journal = Journal() }
                    journal.isClosed = gateway.isSuspended
                    journal.write(changes)
                    return journal.fault(of: gateway, at: now).map { [$0] } ?? []
                }
            }
            #expect(fault == nil, "Core.txt:\(input.line)")
        }
    }
}

extension SessionRecord {
    /// Without the ages, which depend on when the record was taken.
    fileprivate var timeless: SessionRecord {
        var record = self
        record.supervision.connectedFor = .zero
        record.downlink.expiries = record.downlink.expiries.map { $0.map { _ in Expiry(second: 0) } }
        for index in record.subscriptions.all.indices { record.subscriptions.all[index].answeredAgo = .zero }
        for index in record.uplink.open.indices { record.uplink.open[index].unheardFor = .zero }
        for index in record.uplink.ended.indices { record.uplink.ended[index].endedAgo = .zero }
        for index in record.downlink.numbers.ended.indices {
            record.downlink.numbers.ended[index].beganAgo = .zero
            record.downlink.numbers.ended[index].endedAgo = .zero
        }
        record.downlink.aside.nextRoundIn = record.downlink.aside.nextRoundIn.map { _ in .zero }
        record.downlink.aside.nextWholeRoundIn = .zero
        return record
    }
}
