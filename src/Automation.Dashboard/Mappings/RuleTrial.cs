using System.Text;
using System.Text.Json;
using Automation.Intake;
using Automation.Intake.Events;
using Automation.Intake.Mapping;
using Automation.Storage.Events;

namespace Automation.Dashboard.Mappings;

/// <summary>What a rule says to an event that arrived.</summary>
/// <param name="Event">The event.</param>
/// <param name="Matches">Whether it would start the workflow.</param>
/// <param name="Why">Why, or why not.</param>
internal sealed record RuleTried(EventSummary Event, bool Matches, string Why);

/// <summary>Asks a rule that is being written what it would say to the latest events of its source and type; nothing is stored or started.</summary>
internal sealed class RuleTrial(EventQueries events, RoutingPreview preview)
{
    private const int Looked = 10;

    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web) { UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow };

    /// <summary>A rule as a mappings file has it.</summary>
    /// <exception cref="MappingRefusedException">It cannot be one.</exception>
    public static MappingRule Read(JsonElement rule)
    {
        try
        {
            return rule.ValueKind == JsonValueKind.Object ? rule.Deserialize<MappingRule>(Web)! : throw new MappingRefusedException("A rule is a JSON object, such as {\"source\":\"flyflow\",\"type\":\"call_ended\",\"workflow\":\"call-ended\"}.");
        }
        catch (JsonException e)
        {
            throw new MappingRefusedException(e.Message);
        }
    }

    /// <summary>Asks it of up to ten events, the latest first, as if it were switched on.</summary>
    /// <exception cref="MappingRefusedException">The rule cannot be like this.</exception>
    public async Task<IReadOnlyList<RuleTried>> TryAsync(MappingRule draft, CancellationToken cancellationToken)
    {
        var rule = draft with { Enabled = true };
        var filter = new EventFilter { Source = rule.Source == "*" ? null : rule.Source, Type = rule.Type == "*" ? null : rule.Type };
        var tried = new List<RuleTried>();
        foreach (var item in (await events.ListAsync(filter, limit: Looked * 2, cancellationToken: cancellationToken)).Items.Where(i => i.Status is not (EventStatus.Rejected or EventStatus.Duplicate)).Take(Looked))
        {
            if (await events.FindAsync(item.Id, cancellationToken) is { } found && preview.Try(rule, found.Summary.Source, Encoding.UTF8.GetString(found.Body), found.HeaderTexts(), found.Query) is { } verdict)
                tried.Add(new RuleTried(item, verdict.Matches, verdict.Why));
        }

        if (tried.Count == 0)
            preview.Check(rule);
        return tried;
    }
}
