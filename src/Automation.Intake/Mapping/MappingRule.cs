using System.Text.Json;
using System.Text.Json.Serialization;
using Automation.Intake.Routing;

namespace Automation.Intake.Mapping;

/// <summary>One line of <c>workflows/mappings.json</c>: which events start which workflow, and with what.</summary>
public sealed record MappingRule
{
    /// <summary>Name of the rule, unique in the file. Default: made of source, type and workflow.</summary>
    public string Id { get; set; } = "";

    /// <summary>Source slug; <c>*</c> stands for any characters. Default: every source.</summary>
    public string Source { get; set; } = "*";

    /// <summary>Event type; <c>*</c> stands for any characters. Default: every type.</summary>
    public string Type { get; set; } = "*";

    /// <summary>JavaScript that must be true for the event, for example <c>event.payload.data.success</c>. Default: none.</summary>
    public string? Filter { get; set; }

    /// <summary>Definition id of the workflow to start.</summary>
    public required string Workflow { get; init; }

    /// <summary>
    /// The workflow's inputs by name. A text is a template: <c>"{data.tool_name}"</c> alone keeps the payload's own type,
    /// <c>"{$payload}"</c> is the whole payload, <c>"{$event}"</c> the event; <c>{"javascript": "…"}</c> is an expression,
    /// <c>{"value": …}</c> and anything else stand for themselves. Default: one input named <c>event</c>.
    /// </summary>
    public IReadOnlyDictionary<string, JsonElement>? Inputs { get; set; }

    /// <summary>Template of the instance's correlation id. Default: the event's correlation key.</summary>
    public string? Correlation { get; set; }

    /// <summary>
    /// Whether the rule also starts its workflow where an instance of the event's session takes the event. Default
    /// false: an event that resumes the waiting instance of its call, session or thread starts nothing else.
    /// </summary>
    public bool Alongside { get; set; }

    /// <summary>Whether the rule is in force. Default true.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Rules of higher priority start first. Default 0; equal ones in the order of the file.</summary>
    public int Priority { get; set; }

    /// <summary>
    /// Where it stands for a published workflow that begins with an event trigger: that trigger. Null for a rule of the file,
    /// which cannot say it.
    /// </summary>
    [JsonIgnore]
    public EventTrigger? Trigger { get; init; }

    /// <summary>How many instances the rule may start at a time or in a time, and what becomes of events beyond that. Default: each event starts at once.</summary>
    public Flow.FlowRule? Flow { get; set; }

    /// <summary>Whether events of a source may be for this rule, by its pattern.</summary>
    public bool IsFor(string source) => Pattern.Matches(Source, source);
}

/// <summary>What a rule says to an event.</summary>
/// <param name="RuleId">The rule.</param>
/// <param name="Workflow">The workflow it would start.</param>
/// <param name="Matches">Whether it starts it.</param>
/// <param name="Why">Why, or why not, in one sentence.</param>
public sealed record RuleVerdict(string RuleId, string Workflow, bool Matches, string Why)
{
    /// <summary>What flow control of the rule does, and the key that it counts the event by; null where the rule has none or does not match.</summary>
    public string? Flow { get; init; }
}

/// <summary>What happens when an event arrives: every rule with its verdict.</summary>
/// <param name="Rules">The verdicts, in the order in which the rules are tried.</param>
public sealed record RoutingDecision(IReadOnlyList<RuleVerdict> Rules)
{
    /// <summary>Whether anything is started.</summary>
    public bool StartsAnything => Rules.Any(r => r.Matches);
}
