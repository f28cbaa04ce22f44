import GatewayCore
import MQTT
import MQTTSN
import Time

extension Scenario {
    /// All scenarios, in the order of the table.
    static var all: [Scenario] {
        connections + upward + downward + wakeUps + [
            Scenario(
                name: "ping", expected: Tally(datagrams: 1), prepare: settle,
                round: { device, _, script in script.device(device, says: .pingRequest(clientID: 0..<0)) }),
            Scenario(
                name: "malformed-datagram", expected: Tally(complaints: 1), prepare: settle,
                round: { device, _, script in script.add(.event(device.event), [3, 0x0C, 0]) }),
            Scenario(
                name: "deadline-idle", expected: Tally(), prepare: settle,
                round: { _, _, script in script.add(.event(.deadlineReached)) }),
        ]
    }

    // MARK: Where scenarios begin

    /// Every device is connected, has registered one topic and subscribed to another one.
    static func settle(_ bench: inout Workbench) {
        bench.connectAll()
        bench.eachDevice { device, script in
            script.registers(device, device.topicName("state"), messageID: 1)
            script.subscribes(device, device.topicName("command"), messageID: 2)
        }
        bench.learnNumbers()
    }

    /// The same, and all sleep.
    static func settleAsleep(_ bench: inout Workbench) {
        settle(&bench)
        bench.eachDevice { device, script in script.device(device, says: .disconnect(duration: 3_600)) }
    }

    /// Long enough between two events that what has ended at QoS 2 is forgotten before the passes that count.
    private static let pace = TimeSpan.milliseconds(4)

    /// 1…10,000: the client's message id and the broker's packet identifier of a turn; none may be used again at once.
    static func messageID(_ turn: Int) -> UInt16 { UInt16(turn % 10_000) + 1 }

    // MARK: Connections, topics, subscriptions

    private static var connections: [Scenario] {
        let leave: (Device, Int, inout Script) -> Void = { $2.device($0, says: .disconnect(duration: nil)) }
        return [
            Scenario(
                name: "connect-new", turnsPerPass: 1, expected: Tally(datagrams: 1, packets: 1), prepare: { _ in },
                round: { device, _, script in script.connects(device) }, restore: leave),
            Scenario(
                name: "connect-known", turnsPerPass: 1, expected: Tally(datagrams: 1, packets: 1),
                prepare: { bench in
                    bench.connectAll(cleanSession: false)
                    bench.eachDevice { leave($0, 0, &$1) }
                },
                round: { device, _, script in script.connects(device, cleanSession: false, sessionPresent: true) },
                restore: leave),
            Scenario(
                name: "disconnect", turnsPerPass: 1, expected: Tally(datagrams: 1, packets: 1),
                prepare: { $0.connectAll() },
                round: leave,
                restore: { device, _, script in script.connects(device) }),
            Scenario(
                name: "register-new", expected: Tally(datagrams: 1), prepare: settle,
                round: { device, turn, script in
                    script.registers(device, device.topicName("state/\(turn)"), messageID: messageID(turn))
                }),
            Scenario(
                name: "register-again", expected: Tally(datagrams: 1), prepare: settle,
                round: { device, turn, script in
                    script.registers(device, device.topicName("state"), messageID: messageID(turn))
                }),
            Scenario(
                name: "subscribe", turnsPerPass: 1, expected: Tally(datagrams: 1, packets: 1), prepare: settle,
                round: { device, turn, script in
                    script.subscribes(device, device.topicName("order/\(turn)"), messageID: 3)
                },
                restore: { device, turn, script in
                    script.unsubscribes(device, device.topicName("order/\(turn)"), messageID: 4)
                }),
            Scenario(
                name: "unsubscribe", turnsPerPass: 1, expected: Tally(datagrams: 1, packets: 1),
                prepare: { bench in
                    settle(&bench)
                    bench.eachDevice { $1.subscribes($0, $0.topicName("order"), messageID: 3) }
                },
                round: { device, _, script in script.unsubscribes(device, device.topicName("order"), messageID: 4) },
                restore: { device, _, script in script.subscribes(device, device.topicName("order"), messageID: 3) }),
        ]
    }

    // MARK: PUBLISH up

    private static var upward: [Scenario] {
        [
            Scenario(
                name: "publish-up-qos0", expected: Tally(packets: 1), prepare: settle,
                round: { device, _, script in
                    script.publishes(device, .atMostOnce, topicID: device.topicID("state"))
                }),
            Scenario(
                name: "publish-up-qos1", expected: Tally(datagrams: 1, packets: 1), prepare: settle,
                round: publishUpAtLeastOnce),
            Scenario(
                name: "publish-up-qos2", expected: Tally(datagrams: 2, packets: 2), prepare: settle, pace: pace,
                round: { device, turn, script in
                    script.publishes(device, .exactlyOnce, topicID: device.topicID("state"), messageID: messageID(turn))
                    script.broker(of: device, says: .publishReceived(messageID(turn)))
                    script.device(device, says: .publishRelease(messageID(turn)))
                    script.broker(of: device, says: .publishComplete(messageID(turn)))
                }),
            Scenario(
                name: "publish-up-unconnected", expected: Tally(packets: 1), prepare: { _ in },
                round: { device, _, script in
                    script.publishes(device, .minusOne, topicID: Workbench.predefinedTopicID, type: .predefined)
                }),
            Scenario(
                name: "publish-up-forwarded", areForwarded: true, expected: Tally(datagrams: 1, packets: 1),
                prepare: settle, round: publishUpAtLeastOnce),
        ]
    }

    static func publishUpAtLeastOnce(_ device: Device, _ turn: Int, _ script: inout Script) {
        script.publishes(device, .atLeastOnce, topicID: device.topicID("state"), messageID: messageID(turn))
        script.broker(of: device, says: .publishAcknowledgement(messageID(turn)))
    }

    // MARK: PUBLISH down

    private static var downward: [Scenario] {
        [
            Scenario(
                name: "publish-down-qos0", expected: Tally(datagrams: 1), prepare: settle,
                round: { device, _, script in
                    script.brokerPublishes(to: device, .atMostOnce, device.topicName("command"))
                }),
            Scenario(
                name: "publish-down-qos1", expected: Tally(datagrams: 1, packets: 1), prepare: settle,
                round: publishDownAtLeastOnce),
            Scenario(
                name: "publish-down-qos2", expected: Tally(datagrams: 2, packets: 2), prepare: settle, pace: pace,
                round: { device, turn, script in
                    let number = messageID(turn)
                    script.brokerPublishes(to: device, .exactlyOnce, device.topicName("command"), packetID: number)
                    script.device(device, says: .publishReceived(number))
                    script.broker(of: device, says: .publishRelease(number))
                    script.device(device, says: .publishComplete(number))
                }),
            Scenario(
                name: "publish-down-new-topic", turnsPerPass: 2, expected: Tally(datagrams: 2, packets: 1),
                prepare: settle,
                round: { device, turn, script in
                    let number = messageID(turn)
                    let topicName = device.topicName("command/\(turn)")
                    script.brokerPublishes(to: device, .atLeastOnce, topicName, packetID: number)
                    let topicID = device.topicID("command/\(turn)")
                    script.device(
                        device,
                        says: .registerAcknowledgement(
                            RegisterAcknowledgement(
                                topicID: topicID, messageID: MessageID(turn + 1), returnCode: .accepted)))
                    script.acknowledges(device, topicID: topicID, messageID: device.number(behind: turn))
                }),
            Scenario(
                name: "publish-down-forwarded", areForwarded: true, expected: Tally(datagrams: 1, packets: 1),
                prepare: settle, round: publishDownAtLeastOnce),
        ]
    }

    static func publishDownAtLeastOnce(_ device: Device, _ turn: Int, _ script: inout Script) {
        script.brokerPublishes(to: device, .atLeastOnce, device.topicName("command"), packetID: messageID(turn))
        script.acknowledges(device, topicID: device.topicID("command"), messageID: device.number(behind: turn))
    }

    // MARK: Sleep

    private static var wakeUps: [Scenario] {
        [wakeUp(1), wakeUp(10), wakeUp(100)] + [
            Scenario(
                name: "wake-up-10-qos0", turnsPerPass: 2, expected: Tally(datagrams: 11), prepare: settleAsleep,
                round: { device, turn, script in
                    for _ in 0..<10 { script.brokerPublishes(to: device, .atMostOnce, device.topicName("command")) }
                    script.device(device, says: .pingRequest(clientID: device.clientID.indices), from: device.clientID)
                }),
            Scenario(
                name: "wake-up-empty", expected: Tally(datagrams: 1), prepare: settleAsleep,
                round: { device, _, script in
                    script.device(device, says: .pingRequest(clientID: device.clientID.indices), from: device.clientID)
                }),
        ]
    }

    /// So many messages of QoS 1 come while the device sleeps; it wakes up, acknowledges each, and sleeps on.
    private static func wakeUp(_ messageCount: Int) -> Scenario {
        Scenario(
            name: "wake-up-\(messageCount)", turnsPerPass: messageCount > 10 ? 1 : 10,
            expected: Tally(datagrams: messageCount + 1, packets: messageCount), prepare: settleAsleep,
            round: { device, turn, script in
                let numbers = (0..<messageCount).map { UInt16((turn * messageCount + $0) % 1_000) + 1 }
                for number in numbers {
                    script.brokerPublishes(
                        to: device, .atLeastOnce, device.topicName("command"), packetID: number)
                }
                script.device(device, says: .pingRequest(clientID: device.clientID.indices), from: device.clientID)
                for index in 0..<messageCount {
                    let number = device.number(behind: turn * messageCount + index)
                    script.acknowledges(device, topicID: device.topicID("command"), messageID: number)
                }
            })
    }
}
