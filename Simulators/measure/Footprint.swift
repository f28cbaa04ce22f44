import GatewayCore
import MQTTSN

/// What many sessions in one state hold of memory.
struct Footprint {
    /// As in the file of budgets.
    var name: String
    /// Brings the devices, which are not connected, into that state.
    var prepare: (inout Workbench) -> Void

    /// As many as a gateway with the default limits takes.
    static let sessionCount = 10_000

    static var all: [Footprint] {
        [
            Footprint(name: "session-idle", prepare: { $0.connectAll() }),
            Footprint(name: "session-idle-2-topics", prepare: Scenario.settle),
            Footprint(
                name: "session-asleep",
                prepare: { bench in
                    bench.connectAll()
                    bench.eachDevice { $1.device($0, says: .disconnect(duration: 3_600)) }
                }),
            Footprint(name: "session-asleep-2-topics", prepare: Scenario.settleAsleep),
            Footprint(
                name: "session-used",
                prepare: { bench in
                    Scenario.settle(&bench)
                    bench.eachDevice { device, script in
                        Scenario.publishUpAtLeastOnce(device, 1, &script)
                        Scenario.publishDownAtLeastOnce(device, 1, &script)
                    }
                }),
            Footprint(
                name: "session-remembered",
                prepare: { bench in
                    bench.connectAll(cleanSession: false)
                    bench.eachDevice { $1.device($0, says: .disconnect(duration: nil)) }
                }),
        ]
    }

    /// Octets for each session, as the allocator rounds them; the room that tables keep for growth is part of them. nil
    /// where there are not as many sessions as there should be.
    func measure() -> Double? {
        var bench = Workbench(deviceCount: Self.sessionCount)
        let before = AllocationLedger.liveByteCount
        prepare(&bench)
        let octets = AllocationLedger.liveByteCount - before
        guard bench.sessionCount == Self.sessionCount else { return nil }
        return Double(octets) / Double(Self.sessionCount)
    }
}
