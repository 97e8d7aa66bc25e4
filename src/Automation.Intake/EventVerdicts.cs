using System.Text;
using System.Text.Unicode;
using Automation.Intake.Events;
using Automation.Intake.Mapping;
using Automation.Storage.Events;

namespace Automation.Intake;

/// <summary>What the rules said to a stored event.</summary>
/// <param name="Rules">Each rule's verdict; none where the event was refused or its source is gone.</param>
/// <param name="Version">The version of the mappings whose rules these are; 0 where there is none.</param>
/// <param name="IsCurrent">Whether that is the one in force.</param>
/// <param name="AsRouted">Whether that is the one by which the event was routed; false where that one is not kept any more or cannot be read.</param>
public sealed record EventVerdicts(IReadOnlyList<RuleVerdict> Rules, long Version, bool IsCurrent, bool AsRouted)
{
    internal static EventVerdicts None { get; } = new([], 0, IsCurrent: true, AsRouted: true);
}

/// <summary>
/// Says of stored events what the rules said when they were routed. Nothing is written on the way of an event for that: the
/// history of the mappings knows which version was in force at the time. Triggers of workflows are those of now.
/// </summary>
public sealed class EventJudge
{
    private readonly RoutingPreview _preview;
    private readonly MappingStore _mappings;
    private readonly MappingHistory _history;

    internal EventJudge(RoutingPreview preview, MappingStore mappings, MappingHistory history)
    {
        _preview = preview;
        _mappings = mappings;
        _history = history;
    }

    /// <summary>What the rules said to an event.</summary>
    public async Task<EventVerdicts> JudgeAsync(EventDetail detail, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(detail);
        if (detail.Summary.Status == EventStatus.Rejected || !Utf8.IsValid(detail.Body))
            return EventVerdicts.None;
        var headers = detail.HeaderTexts();
        // It was routed when it started something; what started nothing was routed as it came.
        var at = detail.Starts.Count > 0 ? detail.Starts.Min(s => s.StartedAt) : detail.Summary.ReceivedAt;
        var then = detail.Summary.Status == EventStatus.Received ? null : await _history.AtAsync(at, cancellationToken);
        var current = _mappings.Version;
        if (then is not null && then.Number != current && _mappings.RulesOf(then) is { } rules)
            return new EventVerdicts(Judge(rules), then.Number, IsCurrent: false, AsRouted: true);
        return new EventVerdicts(Judge(_mappings.Current), current, IsCurrent: true, AsRouted: then?.Number == current || detail.Summary.Status == EventStatus.Received);

        IReadOnlyList<RuleVerdict> Judge(RuleSet by) => _preview.Preview(detail.Summary.Source, Encoding.UTF8.GetString(detail.Body), headers, detail.Query, by)?.Decision.Rules ?? [];
    }
}
