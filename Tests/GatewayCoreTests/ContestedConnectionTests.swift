import GatewayCore
import MQTT
import Testing
import Time

/// The gateway's own broker connection, while another client comes with the same identifier again and again (MQTT 3.1.1
/// §3.1.4).
@Suite struct ContestedConnectionTests {
    private func dialogue() -> Dialogue {
        Dialogue(
            .dialogue {
                $0.upstream.reconnectMinimum = .seconds(1)
                $0.upstream.reconnectMaximum = .seconds(1)
            })
    }

    /// The shared connection is accepted, and closed by the broker after `life`.
    private func isCut(_ dialogue: Dialogue, _ shared: TestUpstream?, after life: TimeSpan, _ end: StreamEnd) {
        dialogue.passes(life)
        shared?.closes(end)
    }

    private func returns(_ dialogue: Dialogue) -> TestUpstream {
        dialogue.passes(.seconds(2))
        let shared = dialogue.opensStream()
        shared.opens()
        shared.receives(.connect("swiftlet-1"))
        shared.sends(.connectAcknowledgement())
        return shared
    }

    @Test(
        "It is observed the third time in a row, and whenever the number has doubled",
        arguments: [StreamEnd.closedByBroker, .failed])
    func again(end: StreamEnd) {
        let dialogue = dialogue()
        var shared = dialogue.shared
        var told: [Int] = []
        for count in 1...12 {
            isCut(dialogue, shared, after: .seconds(5), end)
            for case (.sharedConnectionContested(let timesInARow), _) in dialogue.observations {
                told.append(timesInARow)
            }
            if told.last == count { #expect([3, 6, 12].contains(count)) }
            shared = returns(dialogue)
        }
        #expect(told == [3, 6, 12])
    }

    @Test("Connections that live long, or that the broker never accepted, are no contest")
    func noContest() {
        let dialogue = dialogue()
        var shared = dialogue.shared
        for life in [5, 5, 120, 5, 5] {
            isCut(dialogue, shared, after: .seconds(life), .closedByBroker)
            dialogue.doesNotObserve(.sharedConnectionContested)
            shared =
                life < 10
                ? returns(dialogue)
                : {
                    let shared = dialogue.opensStream()
                    shared.opens()
                    shared.receives(.connect("swiftlet-1"))
                    shared.sends(.connectAcknowledgement())
                    return shared
                }()
        }
        for _ in 0..<9 {
            shared?.closes(.refused)
            dialogue.doesNotObserve(.sharedConnectionContested)
            dialogue.passes(.seconds(2))
            shared = dialogue.opensStream()
        }
    }
}
