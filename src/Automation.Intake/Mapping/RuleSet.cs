using System.Collections.Concurrent;
using System.Text.Json;
using Automation.Intake.Events;

namespace Automation.Intake.Mapping;

/// <summary>A version of the mapping rules, compiled. Immutable; whoever took hold of it keeps it to the end of its event.</summary>
internal sealed class RuleSet
{
    /// <summary>So that a sender who makes up types cannot make the memory grow.</summary>
    private const int MaxRemembered = 4096;

    private readonly CompiledRule[] _rules;
    private readonly ConcurrentDictionary<(string Source, string Type), CompiledRule[]> _remembered = new();

    private readonly Dictionary<string, CompiledRule> _byId;

    public RuleSet(IEnumerable<CompiledRule> rules)
    {
        _rules = [.. rules.OrderByDescending(r => r.Rule.Priority)];
        // Those of the file have unique ids; the id of a trigger might be one of them.
        _byId = new Dictionary<string, CompiledRule>(StringComparer.Ordinal);
        foreach (var rule in _rules)
            _byId.TryAdd(rule.Rule.Id, rule);
        HasFlow = Array.Exists(_rules, r => r.Flow is not null);
    }

    /// <summary>Whether any rule has flow control.</summary>
    public bool HasFlow { get; }

    /// <summary>A rule by its id; null where there is none.</summary>
    public CompiledRule? Find(string id) => _byId.GetValueOrDefault(id);

    public static RuleSet Empty { get; } = new([]);

    public IReadOnlyList<CompiledRule> Rules => _rules;

    /// <summary>The rules that name this source and type, filters apart.</summary>
    public CompiledRule[] Candidates(string source, string type)
    {
        if (_remembered.TryGetValue((source, type), out var known))
            return known;
        var candidates = _rules.Where(r => r.Rule.Enabled && r.Names(source, type)).ToArray();
        if (_remembered.Count < MaxRemembered)
            _remembered.TryAdd((source, type), candidates);
        return candidates;
    }

    /// <summary>Says of every rule whether it would start its workflow for an event, and why.</summary>
    public RoutingDecision Explain(EventPayload payload) => new([.. _rules.Select(r => r.Judge(payload))]);
}

/// <summary>A rule with its templates read.</summary>
internal sealed class CompiledRule
{
    private readonly Dictionary<string, Func<EventPayload, object?>>? _inputs;
    private readonly EventTemplate? _correlation;
    private readonly Func<EventPayload, bool>? _filter;

    /// <exception cref="FormatException">A template or an expression of the rule cannot be read.</exception>
    public CompiledRule(MappingRule rule, ExpressionCompiler expressions)
    {
        Rule = rule;
        if (string.IsNullOrWhiteSpace(rule.Workflow))
            throw new FormatException("\"workflow\" must name a workflow definition.");
        _filter = rule.Filter is null ? null : expressions.Condition(rule.Filter);
        _correlation = rule.Correlation is null ? null : EventTemplate.Parse(rule.Correlation);
        Flow = rule.Flow is { } flow ? new Flow.FlowPlan(flow, expressions) : null;

        _inputs = rule.Inputs?.ToDictionary(i => i.Key, i => Input(i.Key, i.Value, expressions), StringComparer.Ordinal);
    }

    public MappingRule Rule { get; }

    /// <summary>Its flow control; null where each event starts at once.</summary>
    public Flow.FlowPlan? Flow { get; }

    public bool HasFilter => _filter is not null;

    public bool Names(string source, string type) => Pattern.Matches(Rule.Source, source) && Pattern.Matches(Rule.Type, type);

    /// <summary>Whether the rule starts its workflow for an event, and why.</summary>
    public RuleVerdict Judge(EventPayload payload)
    {
        var incoming = payload.Incoming;
        var (matches, why) = this switch
        {
            { Rule.Enabled: false } => (false, "The rule is switched off."),
            _ when !Pattern.Matches(Rule.Source, incoming.Source) => (false, $"The source {incoming.Source} is not {Rule.Source}."),
            _ when !Pattern.Matches(Rule.Type, incoming.Type ?? "") => (false, $"The type {incoming.Type} is not {Rule.Type}."),
            { _filter: null } => (true, "Source and type match."),
            _ => JudgeFilter(payload),
        };
        return new RuleVerdict(Rule.Id, Rule.Workflow, matches, why) { Flow = matches && Flow is { } flow ? FlowText(flow, payload) : null };
    }

    private static string FlowText(Flow.FlowPlan flow, EventPayload payload)
    {
        try
        {
            return flow.Key(payload) is { Length: > 0 } key ? $"Flow control: {flow.Text}; counted for {key}." : $"Flow control: {flow.Text}.";
        }
        catch (Expressions.ExpressionException e)
        {
            return $"Flow control fails, because its key does: {e.Message}";
        }
    }

    /// <summary>Whether the filter, where there is one, lets the event through.</summary>
    /// <exception cref="Expressions.ExpressionException">The filter failed.</exception>
    public bool Passes(EventPayload payload) => _filter?.Invoke(payload) ?? true;

    public IReadOnlyDictionary<string, object?> Inputs(EventPayload payload) =>
        _inputs is null
            ? payload.Batch is { } batch
                ? new Dictionary<string, object?>(StringComparer.Ordinal) { ["event"] = payload.Event, ["events"] = batch }
                : new Dictionary<string, object?>(StringComparer.Ordinal) { ["event"] = payload.Event }
            : _inputs.ToDictionary(i => i.Key, i => i.Value(payload), StringComparer.Ordinal);

    public string? Correlation(EventPayload payload) => _correlation is null ? payload.Incoming.CorrelationKey : _correlation.Text(payload);

    private (bool Matches, string Why) JudgeFilter(EventPayload payload)
    {
        try
        {
            return _filter!(payload) ? (true, "Source, type and filter match.") : (false, $"The filter {Rule.Filter} is not true.");
        }
        catch (Expressions.ExpressionException e)
        {
            return (false, $"The filter {Rule.Filter} failed: {e.Message}");
        }
    }

    internal static Func<EventPayload, object?> Input(string name, JsonElement value, ExpressionCompiler expressions)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            var template = EventTemplate.Parse(value.GetString()!);
            return template.Evaluate;
        }

        if (value.ValueKind == JsonValueKind.Object && value.GetPropertyCount() == 1)
        {
            if (value.TryGetProperty("javascript", out var script) && script.ValueKind == JsonValueKind.String)
                return expressions.Value(script.GetString()!);
            if (value.TryGetProperty("value", out var literal))
                value = literal;
        }

        if (value.ValueKind == JsonValueKind.Undefined)
            throw new FormatException($"The input \"{name}\" has no value.");
        var constant = EventPayload.Plain(value.Clone());
        return _ => constant;
    }
}
