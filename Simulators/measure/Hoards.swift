import GatewayCore
import MQTT
import MQTTSN
import Time

extension Hoard {
    /// All of them, in the order of the table.
    static var all: [Hoard] { names + requests + queues + others }

    private static let mebibyte = 1_048_576

    /// A short name of its own for every number.
    private static func shortName(_ number: Int) -> [UInt8] {
        let digits = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)
        var (rest, name) = (number, [UInt8]())
        repeat {
            name.append(digits[rest % digits.count])
            rest /= digits.count
        } while rest > 0
        return name
    }

    /// A name of so many octets of its own for every number.
    private static func longName(_ number: Int, _ byteCount: Int) -> [UInt8] {
        var name = shortName(number) + [UInt8(ascii: "-")]
        while name.count < byteCount { name.append(UInt8(ascii: "x")) }
        return name
    }

    // MARK: Names and filters

    private static var names: [Hoard] {
        func configure(_ configuration: inout GatewayConfiguration) {
            configuration.limits.clients = 10
            configuration.limits.topicNamesByteCount = 16 * mebibyte
            configuration.limits.topicsPerClient = 65_534
            configuration.limits.subscriptionsPerClient = 16_384
        }
        func allowed(_ limits: Limits) -> Int { limits.topicNamesByteCount }
        return [
            Hoard(
                name: "names-short", configure: configure, allowed: allowed,
                fill: { bench in
                    registerAll(&bench, count: 60_000) { shortName($0 * 60_000 + $1) }
                }),
            Hoard(
                name: "names-long", configure: configure, allowed: allowed,
                fill: { bench in registerAll(&bench, count: 4_000) { longName($0 * 4_000 + $1, 1_000) } }),
            Hoard(
                name: "names-shared", configure: configure, allowed: allowed,
                fill: { bench in registerAll(&bench, count: 60_000) { shortName($1) } }),
            Hoard(
                name: "filters-short", configure: configure, allowed: allowed,
                fill: { bench in
                    subscribeAll(&bench, count: 16_384) { shortName($0 * 16_384 + $1) + Array("/#".utf8) }
                }),
            Hoard(
                name: "filters-long", configure: configure, allowed: allowed,
                fill: { bench in
                    subscribeAll(&bench, count: 4_000) { longName($0 * 4_000 + $1, 1_000) + Array("/#".utf8) }
                }),
        ]
    }

    private static func registerAll(_ bench: inout Workbench, count: Int, _ name: (Int, Int) -> [UInt8]) {
        bench.connectAll()
        for device in bench.devices {
            for first in stride(from: 0, to: count, by: 1_000) {
                var script = Script()
                for number in first..<min(count, first + 1_000) {
                    script.registers(device, name(device.number, number), messageID: 1)
                }
                bench.play(script)
            }
        }
    }

    private static func subscribeAll(_ bench: inout Workbench, count: Int, _ filter: (Int, Int) -> [UInt8]) {
        bench.connectAll()
        for device in bench.devices {
            for first in stride(from: 0, to: count, by: 1_000) {
                var script = Script()
                for number in first..<min(count, first + 1_000) {
                    script.subscribes(device, filter(device.number, number), messageID: UInt16(number) + 1)
                }
                bench.play(script)
            }
        }
    }

    // MARK: Requests at a silent broker

    private static var requests: [Hoard] {
        func configure(_ configuration: inout GatewayConfiguration) {
            configuration.limits.clients = 100
            configuration.limits.topicNamesByteCount = 4 * mebibyte
            configuration.limits.exchangesPerClient = 1_024
            configuration.limits.subscriptionsPerClient = 16_384
        }
        func allowed(_ limits: Limits) -> Int { limits.topicNamesByteCount }
        return [
            Hoard(
                name: "requests-subscribe", deviceCount: 100, configure: configure, allowed: allowed,
                fill: { bench in
                    bench.connectAll()
                    bench.eachDevice { device, script in
                        for number in 0..<1_100 {
                            let filter = longName(device.number * 1_100 + number, 1_000) + Array("/#".utf8)
                            script.asksToSubscribe(device, filter, messageID: UInt16(number) + 1)
                        }
                    }
                }),
            Hoard(
                name: "requests-unsubscribe", deviceCount: 100, configure: configure, allowed: allowed,
                fill: { bench in
                    bench.connectAll()
                    bench.eachDevice { device, script in
                        for number in 0..<1_100 {
                            let filter = longName(device.number * 1_100 + number, 1_000)
                            script.asksToUnsubscribe(device, filter, messageID: UInt16(number) + 1)
                        }
                    }
                }),
        ]
    }

    // MARK: Queues

    private static var queues: [Hoard] {
        func configure(_ configuration: inout GatewayConfiguration) {
            configuration.limits.clients = 10
            configuration.limits.queuedByteCountPerClient = 4 * mebibyte
            configuration.limits.queuedByteCount = 16 * mebibyte
            configuration.limits.queuedMessagesPerClient = 1_000_000
            configuration.queuePolicy = .dropNewest
        }
        func allowed(_ limits: Limits) -> Int { limits.queuedByteCount }
        return [
            Hoard(
                name: "queue-one-octet", configure: configure, allowed: allowed,
                fill: { bench in
                    queueAll(&bench, count: 100_000) { device, number, script in
                        script.brokerPublishes(
                            to: device, .atMostOnce, device.topicName("command"), payloadByteCount: 1)
                    }
                }),
            Hoard(
                name: "queue-one-octet-qos1", configure: configure, allowed: allowed,
                fill: { bench in
                    queueAll(&bench, count: 60_000) { device, number, script in
                        script.brokerPublishes(
                            to: device, .atLeastOnce, device.topicName("command"), packetID: UInt16(number) + 1,
                            payloadByteCount: 1)
                    }
                }),
            Hoard(
                name: "queue-names-short", configure: configure, allowed: allowed,
                fill: { bench in
                    queueAll(&bench, count: 100_000) { device, number, script in
                        script.brokerPublishes(
                            to: device, .atMostOnce, shortName(device.number * 100_000 + number), payloadByteCount: 0)
                    }
                }),
            Hoard(
                name: "queue-names-long", configure: configure, allowed: allowed,
                fill: { bench in
                    queueAll(&bench, count: 10_000) { device, number, script in
                        script.brokerPublishes(
                            to: device, .atMostOnce, longName(device.number * 10_000 + number, 1_000),
                            payloadByteCount: 0)
                    }
                }),
            Hoard(
                name: "queue-settled", configure: configure, allowed: allowed,
                fill: { bench in
                    // Too long for the client's link: acknowledged, dropped, and never released by the broker.
                    queueAll(&bench, count: 65_535) { device, number, script in
                        script.brokerPublishes(
                            to: device, .exactlyOnce, longName(0, 2_000), packetID: UInt16(number + 1))
                    }
                }),
        ]
    }

    private static func queueAll(
        _ bench: inout Workbench, count: Int, _ message: (Device, Int, inout Script) -> Void
    ) {
        Scenario.settleAsleep(&bench)
        for device in bench.devices {
            for first in stride(from: 0, to: count, by: 1_000) {
                var script = Script()
                for number in first..<min(count, first + 1_000) { message(device, number, &script) }
                bench.play(script)
            }
        }
    }

    // MARK: Others

    private static var others: [Hoard] {
        [
            Hoard(
                name: "qos-minus-one", deviceCount: 1,
                configure: { configuration in
                    configuration.limits.qosMinusOneByteCount = 8 * mebibyte
                    configuration.queuePolicy = .dropNewest
                },
                allowed: { $0.qosMinusOneByteCount },
                fill: { bench in
                    bench.loseSharedConnection()
                    for _ in 0..<300 {
                        bench.eachDevice { device, script in
                            for _ in 0..<1_000 {
                                script.publishes(
                                    device, .minusOne, topicID: Workbench.predefinedTopicID, type: .predefined)
                            }
                        }
                    }
                }),
            Hoard(
                name: "ended-exchanges", deviceCount: 100, configure: { _ in },
                allowed: { 2 * $0.endedExchangesPerClient * 100 * Limits.endedExchangeByteCount },
                fill: { bench in
                    Scenario.settle(&bench)
                    bench.eachDevice { device, script in
                        for number in 1...10_000 as ClosedRange<UInt16> {
                            script.publishes(
                                device, .exactlyOnce, topicID: device.topicID("state"), messageID: number)
                            script.broker(of: device, says: .publishReceived(number))
                            script.device(device, says: .publishRelease(number))
                            script.broker(of: device, says: .publishComplete(number))
                        }
                    }
                }),
            Hoard(
                name: "senders", deviceCount: 100_000,
                configure: { configuration in
                    configuration.limits.recentDepartures = 50_000
                    configuration.limits.strangerRepliesPerSecond = 1_000_000
                },
                allowed: { $0.recentDepartures * Limits.senderByteCount },
                fill: { bench in bench.eachDevice { $1.device($0, says: .disconnect(duration: nil)) } }),
            Hoard(
                name: "set-ups", deviceCount: 20_000,
                configure: { $0.limits.setUps = 10_000 },
                allowed: { $0.setUps * $0.sessionByteCount },
                fill: { bench in
                    let topic = longName(0, 1_000)
                    bench.eachDevice { device, script in
                        script.begins(device, cleanSession: true)
                        script.device(
                            device, says: .willTopic(WillTopic(flags: Flags(), topic: topic.indices)), from: topic)
                    }
                }),
            Hoard(
                name: "sessions-with-wills", deviceCount: 11_000,
                configure: { $0.limits.clients = 10_000 },
                allowed: { $0.clients * $0.sessionByteCount },
                fill: { bench in
                    let topic = longName(0, 1_000)
                    let message = longName(0, 4_000)
                    bench.eachDevice { device, script in
                        script.begins(device, cleanSession: false)
                        script.device(
                            device, says: .willTopic(WillTopic(flags: Flags(), topic: topic.indices)), from: topic)
                        script.device(device, says: .willMessage(message.indices), from: message)
                        script.brokerAccepts()
                        script.device(device, says: .disconnect(duration: nil))
                    }
                }),
        ]
    }
}
