import GatewayCore
import Testing

@testable import GatewaySimulator

/// What a world takes the owner's rules for, by examples of README.
@Suite struct WorldRuleTests {
    private func rule(_ prefix: String, publish: [String]? = nil, subscribe: [String]? = nil) -> WorldRule {
        WorldRule(
            prefix: Array(prefix.utf8), publish: publish?.map { Array($0.utf8) },
            subscribe: subscribe?.map { Array($0.utf8) }, maximumQoS: 1)
    }

    private func own(_ rule: WorldRule, _ topic: String) -> String? {
        rule.own(Array(topic.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("AMB-39 A topic is behind the prefix at the broker, and what is not behind it is nobody's")
    func prefix() {
        let plant = rule("plant-7/")
        #expect(plant.atBroker(Array("pumps/1/flow".utf8)) == Array("plant-7/pumps/1/flow".utf8))
        #expect(own(plant, "plant-7/pumps/1/flow") == "pumps/1/flow")
        #expect(own(plant, "plant-7/plant-7/a") == "plant-7/a")
        #expect(["plant-7/", "plant-8/a", "a", "plant-7"].allSatisfy { own(plant, $0) == nil })
        #expect(own(rule(""), "a") == "a")
    }

    @Test(
        "AMB-39 A filter is allowed where one of the rule's selects whatever it selects",
        arguments: [
            ("a/#", "a", true), ("a/#", "a/+/b", true), ("a/#", "a/#", true), ("a/#", "#", false), ("a/+", "a/b", true),
            ("a/+", "a/+", true), ("a/+", "a/#", false), ("a/+", "a", false), ("a/+", "a/b/c", false),
            ("a", "+", false),
            ("+/b", "a/b", true), ("+/b", "+/b", true), ("+/b", "#", false), ("#", "+/b/#", true), ("a/", "a", false),
        ])
    func filters(allowed: String, filter: String, isAllowed: Bool) {
        let rule = rule("", publish: [allowed], subscribe: [allowed])
        #expect(rule.maySubscribe(to: Array(filter.utf8)) == isAllowed)
        #expect(rule.mayPublish(to: Array(filter.utf8), qos: 1) == isAllowed)
        #expect(!rule.mayPublish(to: Array(filter.utf8), qos: 2))
    }

    @Test("Worlds draw every shape of rules, and the gateway's own say for whom each prefix is")
    func shapes() {
        let names = ["t/0", "ab"].map { Array($0.utf8) }
        let drawn = (1...200).map { WorldRules($0, clientCount: 4, topicNames: names, gatewayID: 7) }
        #expect(drawn.contains { $0.strangers == nil } && drawn.contains { $0.anybody == nil })
        #expect(drawn.contains { !$0.heirs.isEmpty } && drawn.contains { Set($0.clients.map(\.prefix)).count == 4 })
        #expect(drawn.contains { rules in rules.clients.contains { $0.publish != nil && $0.subscribe != nil } })
        #expect(drawn.contains { rules in rules.clients.contains { $0.maximumQoS < 2 } })
        #expect(drawn.contains { rules in rules.clients.contains { $0.prefix == Array("gw-7/".utf8) } })
        #expect(drawn.allSatisfy { !$0.configuration.isEmpty })
        let none = WorldRules(0, clientCount: 4, topicNames: names, gatewayID: 7)
        #expect(none.configuration.isEmpty && none.clients == Array(repeating: WorldRule(), count: 4))
    }
}
