// The configuration of a script's gateway.

package import GatewayCore
import Time

extension GatewayConfiguration {
    /// Every limit so small that it is reached, and every policy as three octets have it.
    static func cramped(_ input: inout ScriptInput) -> GatewayConfiguration {
        var configuration = GatewayConfiguration()
        configuration.limits = .cramped
        configuration.upstream.keepAliveSeconds = 60
        configuration.predefinedTopics = PredefinedTopics([
            .init(topicID: 1, topicName: Array("pre/1".utf8)), .init(topicID: 2, topicName: Array("a/b".utf8)),
            .init(clientID: Array("c1".utf8), topicID: 1, topicName: Array("c1/1".utf8)),
            .init(topicID: 3, topicName: Array("own/${client_id}".utf8)),
        ])
        configuration.discovery.advertiseIntervalSeconds = 100
        let policies = input.next()
        func isSet(_ bit: Int) -> Bool { policies >> bit & 1 == 1 }
        configuration.qosMinusOneFullNames = isSet(0)
        configuration.emptyClientID = isSet(1) ? .assign : .refuse
        configuration.isLenient = isSet(2)
        configuration.queuePolicy = isSet(3) ? .dropNewest : .dropOldest
        configuration.willUpdate = isSet(4) ? .gateway : .reconnect
        configuration.sleep.pacing = isSet(5) ? .milliseconds(300) : .zero
        configuration.sleep.allowsAddressChange = !isSet(6)
        configuration.discovery.isStandby = isSet(7)
        let numbers = input.next()
        configuration.sleep.messagesPerWakeUp = Int(numbers & 0b11)
        configuration.qosMinusOne = [.on, .predefined, .off, .on][Int(numbers >> 2 & 0b11)]
        let statusTopics: [[UInt8]] = [Array("gw".utf8), Array("a/s".utf8)]
        configuration.upstream.statusTopic = numbers >> 5 == 0b111 ? statusTopics[Int(numbers >> 4 & 1)] : nil
        let radioNumbers = input.next()
        var radio = LinkConfiguration()
        radio.maximumDatagramByteCount = 24 + Int(radioNumbers >> 4)
        radio.retryInterval = .seconds(3)
        radio.retryCount = Int(radioNumbers & 0b11)
        radio.adaptsRetryInterval = radioNumbers & 0b100 != 0
        configuration.links = [LinkConfiguration(), radio]
        return configuration
    }
}

extension Limits {
    fileprivate static var cramped: Limits {
        var limits = Limits()
        limits.clients = 4
        limits.setUps = 2
        limits.clientIDByteCount = 4
        limits.topicsPerClient = 5
        limits.topicNameByteCount = 8
        limits.subscriptionsPerClient = 3
        limits.exchangesPerClient = 3
        limits.willMessageByteCount = 6
        limits.queuedMessagesPerClient = 4
        limits.queuedByteCountPerClient = 40 + 3 * messageOverheadByteCount
        limits.queuedByteCount = 90 + 6 * messageOverheadByteCount
        limits.queuedByteCountPerUpstream = 60
        limits.qosMinusOneByteCount = waitingByteCount(packetByteCount: 24)
        limits.packetByteCount = 200
        limits.strangerRepliesPerSecond = 5
        limits.recentDepartures = 3
        return limits
    }
}

extension Limits {
    /// Makes what a running gateway counts against higher or lower, as an octet has it.
    mutating func vary(by octet: UInt8) {
        clients = 2 + Int(octet & 0b11)
        topicsPerClient = 3 + Int(octet >> 1 & 0b11)
        subscriptionsPerClient = 1 + Int(octet >> 2 & 0b11)
        exchangesPerClient = 1 + Int(octet >> 3 & 0b11)
        setUps = 1 + Int(octet >> 4 & 0b1)
        queuedMessagesPerClient = 1 + Int(octet >> 1 & 0b111)
        queuedByteCountPerClient = Int(octet) * 4
        queuedByteCount = Int(octet) * 8
        strangerRepliesPerSecond = Int(octet >> 5)
        recentDepartures = Int(octet >> 6)
        qosMinusOneByteCount = Int(octet)
        unwelcomeMessages = Int(octet >> 7)
        endedExchangesPerClient = 1 + Int(octet & 0b111)
    }

    /// For each of those that bound a count in a script's checks, the higher one.
    package static func highest(_ one: Limits, _ other: Limits) -> Limits {
        var highest = one
        highest.clients = max(one.clients, other.clients)
        highest.setUps = max(one.setUps, other.setUps)
        highest.topicsPerClient = max(one.topicsPerClient, other.topicsPerClient)
        highest.subscriptionsPerClient = max(one.subscriptionsPerClient, other.subscriptionsPerClient)
        highest.exchangesPerClient = max(one.exchangesPerClient, other.exchangesPerClient)
        highest.qosMinusOneByteCount = max(one.qosMinusOneByteCount, other.qosMinusOneByteCount)
        highest.recentDepartures = max(one.recentDepartures, other.recentDepartures)
        return highest
    }
}
