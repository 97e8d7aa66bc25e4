using System.Text.Json;
using Automation.Storage;
using Automation.Storage.Events;
using Automation.Storage.Workflows;
using Automation.Storage.Writes;
using Microsoft.EntityFrameworkCore;

namespace Automation.Intake.Events;

/// <summary>Which events are wanted; whatever is null does not narrow.</summary>
public sealed record EventFilter
{
    /// <summary>Source slug; <c>*</c> stands for any characters.</summary>
    public string? Source { get; init; }

    /// <summary>Event type; <c>*</c> stands for any characters.</summary>
    public string? Type { get; init; }

    /// <summary>Status.</summary>
    public EventStatus? Status { get; init; }

    /// <summary>Correlation key, exactly.</summary>
    public string? CorrelationKey { get; init; }

    /// <summary>Stored at or after this time.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Stored before this time.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Text that stands in the body, exactly as written there, or in the reason, or is the event's id.</summary>
    public string? Text { get; init; }
}

/// <summary>An event in a list.</summary>
public sealed record EventSummary
{
    /// <summary>Its id, a UUIDv7.</summary>
    public required string Id { get; init; }

    /// <summary>Slug of its source.</summary>
    public required string Source { get; init; }

    /// <summary>Its type; null for requests refused before it was known.</summary>
    public required string? Type { get; init; }

    /// <summary>Where it stands.</summary>
    public required EventStatus Status { get; init; }

    /// <summary>Call, session, thread or conversation.</summary>
    public required string? CorrelationKey { get; init; }

    /// <summary>When it was stored.</summary>
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>When it happened at the sender, where it says so.</summary>
    public required DateTimeOffset? OccurredAt { get; init; }

    /// <summary>HTTP status of the answer.</summary>
    public required int Answer { get; init; }

    /// <summary>Why it was refused or failed.</summary>
    public required string? Reason { get; init; }

    /// <summary>The event that it repeats.</summary>
    public required string? DuplicateOf { get; init; }

    /// <summary>The event that it replays.</summary>
    public required string? ReplayOf { get; init; }

    /// <summary>Size of the body, in bytes.</summary>
    public required long BodySize { get; init; }
}

/// <summary>What an event started.</summary>
/// <param name="RuleId">The mapping rule or trigger.</param>
/// <param name="DefinitionId">The workflow definition.</param>
/// <param name="InstanceId">The instance.</param>
/// <param name="StartedAt">When.</param>
public sealed record EventStart(string RuleId, string DefinitionId, string InstanceId, DateTimeOffset StartedAt);

/// <summary>What flow control of a rule did with an event.</summary>
/// <param name="RuleId">The rule.</param>
/// <param name="Key">What its limits are counted by; empty for all events of the rule.</param>
/// <param name="State">How it stands.</param>
/// <param name="Since">Since when it was held back, or when it was decided where it was not.</param>
/// <param name="SettledAt">When that was decided; null while it waits.</param>
/// <param name="Waits">Why it had to wait; null where it had not.</param>
/// <param name="Outcome">What came of it; null while it waits.</param>
/// <param name="InstanceId">The instance that was started.</param>
/// <param name="ByEvent">The event that took its place, or that stands for its batch.</param>
public sealed record EventFlow(
    string RuleId, string Key, FlowState State, DateTimeOffset Since, DateTimeOffset? SettledAt, string? Waits, string? Outcome, string? InstanceId, string? ByEvent);

/// <summary>A reply to an event: the answer that its sender got, or one that came too late.</summary>
/// <param name="Id">Names the reply: the execution of the activity that made it, or <c>fallback</c>.</param>
/// <param name="State">How it stands.</param>
/// <param name="Origin">Where it comes from.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="ContentType">Content type; null where there is no body.</param>
/// <param name="Headers">JSON object of further headers; null for none.</param>
/// <param name="Body">The body.</param>
/// <param name="InstanceId">The workflow instance that made it; null for none.</param>
/// <param name="ActivityId">The activity that made it; null for none.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="SendTo">The sender's reply URL, where it goes there.</param>
/// <param name="SentAt">When the reply URL took it.</param>
/// <param name="Detail">Why it stands as it does, in one sentence.</param>
public sealed record EventReply(
    string Id, ReplyState State, ReplyOrigin Origin, int Status, string? ContentType, string? Headers, byte[] Body, string? InstanceId, string? ActivityId,
    DateTimeOffset CreatedAt, string? SendTo, DateTimeOffset? SentAt, string? Detail)
{
    /// <summary>Whether it did not become the answer.</summary>
    public bool IsLate => State is not (ReplyState.Given or ReplyState.Offered);
}

/// <summary>Everything that is known of an event.</summary>
/// <param name="Summary">What lists show.</param>
/// <param name="DedupeKey">Its dedupe key, while it is remembered.</param>
/// <param name="Verification">By what its sender was verified; of a refused request what verification looked at, a line each.</param>
/// <param name="RemoteIp">Address that it came from.</param>
/// <param name="Query">Query string, secrets masked.</param>
/// <param name="Headers">JSON object of the headers, secrets masked.</param>
/// <param name="Body">The body as sent; of a refused request the first 4 KiB.</param>
/// <param name="Starts">What it started.</param>
/// <param name="Repeats">How many repeated deliveries of it came.</param>
public sealed record EventDetail(
    EventSummary Summary, string? DedupeKey, string? Verification, string? RemoteIp, string? Query, string Headers, byte[] Body, IReadOnlyList<EventStart> Starts, int Repeats)
{
    /// <summary>The headers by name, secrets masked.</summary>
    public IReadOnlyDictionary<string, string> HeaderTexts() =>
        (JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(Headers) ?? [])
            .Where(h => h.Value.ValueKind == JsonValueKind.String).ToDictionary(h => h.Key, h => h.Value.GetString()!, StringComparer.OrdinalIgnoreCase);

    /// <summary>Why instances that waited in its session did not take it, a sentence each.</summary>
    public IReadOnlyList<string> RefusedWaits { get; init; } = [];

    /// <summary>What flow control did with it, by rule.</summary>
    public IReadOnlyList<EventFlow> Flow { get; init; } = [];

    /// <summary>What workflows, or the source's fallback, answered; the answer that was given first.</summary>
    public IReadOnlyList<EventReply> Replies { get; init; } = [];
}

/// <summary>Part of a list.</summary>
/// <param name="Items">The events, newest first. Few or none may be found of those looked through, and yet more follow.</param>
/// <param name="Next">Pass as <c>before</c> to get what follows; null at the end.</param>
public sealed record EventPage(IReadOnlyList<EventSummary> Items, string? Next);

/// <summary>Reads the event log.</summary>
public sealed class EventQueries(Database database)
{
    private static readonly SqlStatement RecentTypes = new(
        "SELECT DISTINCT type FROM (SELECT type FROM events ORDER BY id DESC LIMIT 1000) latest WHERE type IS NOT NULL ORDER BY type");

    /// <summary>Most events in a page.</summary>
    public const int MaxLimit = 500;

    // How many events are looked through for one page where no index leads to those that are wanted.
    private const int LookedThrough = 50_000;
    private const int BodiesLookedThrough = 10_000;
    private const int OfStatusLookedThrough = 10_000;

    /// <summary>Lists events, newest first.</summary>
    /// <param name="filter">Which ones.</param>
    /// <param name="before">Where the page before ended (<see cref="EventPage.Next"/>), or null.</param>
    /// <param name="limit">Most events wanted, 1 to 500.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public async Task<EventPage> ListAsync(EventFilter filter, string? before = null, int limit = 50, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, MaxLimit);
        await using var context = database.CreateContext();
        var end = await EndOfSearchAsync(context, filter, before, cancellationToken);
        // The end comes after the time from which is asked: of two such bounds SQLite takes any, and reads from there.
        var events = Where(context, end is null ? filter : filter with { From = null });
        if (before is not null)
            events = events.Where(e => string.Compare(e.Id, before) < 0);
        if (end is not null)
            events = events.Where(e => string.Compare(e.Id, end) >= 0);
        var rows = await events.OrderByDescending(e => e.Id).Take(limit + 1).Select(Summary).ToListAsync(cancellationToken);
        var more = rows.Count > limit;
        if (more)
            rows.RemoveAt(limit);
        return new EventPage(rows, more ? rows[^1].Id : end);
    }

    /// <summary>
    /// Where a search ends for now that no index leads: rare events among many millions are not found by reading them all for
    /// one page. Null where all can be looked through.
    /// </summary>
    private static async Task<string?> EndOfSearchAsync(AutomationDbContext context, EventFilter filter, string? before, CancellationToken cancellationToken)
    {
        if (filter is { CorrelationKey: not null } or { Source: null, Type: null, Text: null, Status: null or not EventStatus.Routed })
            return null;
        var looked = context.Set<EventRow>().AsQueryable();
        var most = filter.Text is null ? LookedThrough : BodiesLookedThrough;
        if (filter is { Status: { } status and not EventStatus.Routed })
        {
            // They lie far apart, so that each costs more.
            most = OfStatusLookedThrough;
            looked = looked.Where(e => e.Status == status && e.Status != EventStatus.Routed);
        }

        if (filter.To is { } to && EventIds.At(to) is var last && (before is null || string.CompareOrdinal(last, before) < 0))
            before = last;
        if (before is not null)
            looked = looked.Where(e => string.Compare(e.Id, before) < 0);
        return await looked.OrderByDescending(e => e.Id).Skip(most).Select(e => e.Id).FirstOrDefaultAsync(cancellationToken) is { } end
            && !(filter.From is { } from && string.CompareOrdinal(end, EventIds.At(from)) < 0)
            ? end
            : null;
    }

    /// <summary>Reads one event with its trail; null where there is none.</summary>
    public async Task<EventDetail?> FindAsync(string id, CancellationToken cancellationToken)
    {
        await using var context = database.CreateContext();
        var row = await context.Set<EventRow>().SingleOrDefaultAsync(e => e.Id == id, cancellationToken);
        if (row is null)
            return null;
        var starts = await context.Set<EventStartRow>().Where(s => s.EventId == id).OrderBy(s => s.StartedAt).ToListAsync(cancellationToken);
        var flow = await context.Set<FlowItemRow>().Where(i => i.EventId == id).OrderBy(i => i.RuleId).ToListAsync(cancellationToken);
        // A place is taken as long as its instance runs; that it is free again is noted a little later.
        var instances = flow.Where(i => i.State == FlowState.Running).Select(i => i.InstanceId).ToList();
        var running = instances.Count == 0 ? [] : await context.Set<WorkflowInstanceRow>().Where(i => instances.Contains(i.Id) && i.FinishedAt == null).Select(i => i.Id).ToListAsync(cancellationToken);
        // Without a key they are sought among the repeats that came after it, as far as a page can be expected to look.
        var duplicate = EventStatus.Duplicate;
        var repeats = row.CorrelationKey is null
            ? await context.Set<EventRow>().Where(e => e.Status == duplicate && e.Status != EventStatus.Routed && string.Compare(e.Id, id) > 0)
                .OrderBy(e => e.Id).Take(OfStatusLookedThrough).CountAsync(e => e.DuplicateOf == id, cancellationToken)
            : await context.Set<EventRow>().CountAsync(e => e.CorrelationKey == row.CorrelationKey && e.DuplicateOf == id, cancellationToken);
        var replies = await context.Set<EventReplyRow>().Where(r => r.EventId == id).OrderBy(r => r.State == ReplyState.Given ? 0 : 1).ThenBy(r => r.CreatedAt).ToListAsync(cancellationToken);
        return new EventDetail(
            Summary.Compile()(row), row.DedupeKey, row.Verification, row.RemoteIp, row.Query, row.Headers, row.Body,
            [.. starts.Select(s => new EventStart(s.RuleId, s.DefinitionId, s.InstanceId, SqlValue.FromMicros(s.StartedAt)))], repeats)
        {
            RefusedWaits = row.RefusedWaits?.Split('\n') ?? [],
            Replies = [.. replies.Select(r => new EventReply(
                r.Id, r.State, r.Origin, r.Status, r.ContentType, r.Headers, r.Body, r.InstanceId, r.ActivityId, SqlValue.FromMicros(r.CreatedAt), r.SendTo,
                r.SentAt is { } sent ? SqlValue.FromMicros(sent) : null, r.Detail))],
            Flow = [.. flow.Select(i => new EventFlow(
                i.RuleId, i.Key, i.State == FlowState.Running && !running.Contains(i.InstanceId!) ? FlowState.Done : i.State, SqlValue.FromMicros(i.Since), i.SettledAt is { } at ? SqlValue.FromMicros(at) : null, i.Waits, i.Outcome, i.InstanceId, i.ByEvent))],
        };
    }

    /// <summary>All events of a filter that are stored by now, oldest first, read a page at a time.</summary>
    public async IAsyncEnumerable<EventDetail> ExportAsync(EventFilter filter, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        const int size = 200;
        var summary = Summary.Compile();
        await using var context = database.CreateContext();
        var end = await context.Set<EventRow>().MaxAsync(e => (string?)e.Id, cancellationToken) ?? "";
        var rest = Where(context, filter).Where(e => string.Compare(e.Id, end) <= 0);
        var after = "";
        while (true)
        {
            var page = await rest.Where(e => string.Compare(e.Id, after) > 0).OrderBy(e => e.Id).Take(size).ToListAsync(cancellationToken);
            if (page.Count == 0)
                yield break;
            var ids = page.ConvertAll(e => e.Id);
            var starts = (await context.Set<EventStartRow>().Where(s => ids.Contains(s.EventId)).ToListAsync(cancellationToken)).ToLookup(s => s.EventId, StringComparer.Ordinal);
            foreach (var row in page)
            {
                yield return new EventDetail(
                    summary(row), row.DedupeKey, row.Verification, row.RemoteIp, row.Query, row.Headers, row.Body,
                    [.. starts[row.Id].Select(s => new EventStart(s.RuleId, s.DefinitionId, s.InstanceId, SqlValue.FromMicros(s.StartedAt)))], 0);
            }

            after = page[^1].Id;
        }
    }

    /// <summary>Follows the events of a filter.</summary>
    /// <param name="filter">Which ones.</param>
    /// <param name="after">The last event that is known; null to begin with the next one.</param>
    public EventTail Tail(EventFilter filter, string? after) => new(database, filter, after);

    /// <summary>The events that started or resumed an instance, oldest first.</summary>
    public async Task<IReadOnlyList<EventSummary>> OfInstanceAsync(string instanceId, CancellationToken cancellationToken)
    {
        await using var context = database.CreateContext();
        return await context.Set<EventStartRow>().Where(s => s.InstanceId == instanceId)
            .Join(context.Set<EventRow>(), s => s.EventId, e => e.Id, (_, e) => e)
            .OrderBy(e => e.Id).Select(Summary).ToListAsync(cancellationToken);
    }

    /// <summary>How many events of each status were stored since a time.</summary>
    public async Task<IReadOnlyDictionary<EventStatus, int>> CountAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        var least = EventIds.At(since);
        await using var context = database.CreateContext();
        return await context.Set<EventRow>().Where(e => string.Compare(e.Id, least) >= 0)
            .GroupBy(e => e.Status).Select(g => new { g.Key, Count = g.Count() })
            .ToDictionaryAsync(g => g.Key, g => g.Count, cancellationToken);
    }

    /// <summary>The types among the latest events.</summary>
    public async Task<IReadOnlyList<string>> RecentTypesAsync(CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync(RecentTypes, cancellationToken);
        return [.. rows.Rows.Select(r => r[0].AsText!)];
    }

    internal static IQueryable<EventRow> Where(AutomationDbContext context, EventFilter filter)
    {
        var events = filter.Text is { Length: > 0 } text ? WithText(context, text) : context.Set<EventRow>();
        if (filter.Source is { } source)
            events = source.Contains('*', StringComparison.Ordinal) ? events.Where(e => EF.Functions.Like(e.Source, Like(source), "\\")) : events.Where(e => e.Source == source);
        if (filter.Type is { } type)
            events = type.Contains('*', StringComparison.Ordinal) ? events.Where(e => EF.Functions.Like(e.Type!, Like(type), "\\")) : events.Where(e => e.Type == type);
        // Said twice, because the index that holds all but the routed is used only where that is said.
        if (filter.Status is { } status)
            events = status == EventStatus.Routed ? events.Where(e => e.Status == status) : events.Where(e => e.Status == status && e.Status != EventStatus.Routed);
        if (filter.CorrelationKey is { } key)
            events = events.Where(e => e.CorrelationKey == key);
        // Ids carry the time, so a time range is a range of the primary key.
        if (filter.From is { } from && EventIds.At(from) is var least)
            events = events.Where(e => string.Compare(e.Id, least) >= 0);
        if (filter.To is { } to && EventIds.At(to) is var end)
            events = events.Where(e => string.Compare(e.Id, end) < 0);
        return events;
    }

    private static IQueryable<EventRow> WithText(AutomationDbContext context, string text)
    {
        var like = "%" + Escape(text) + "%";
        return context.Database.ProviderName!.EndsWith("Sqlite", StringComparison.Ordinal)
            ? context.Set<EventRow>().FromSql($"SELECT * FROM events WHERE id = {text} OR instr(body, CAST({text} AS BLOB)) > 0 OR reason LIKE {like} ESCAPE '\\'")
            : context.Set<EventRow>().FromSql($"SELECT * FROM events WHERE id = {text} OR position(convert_to({text}, 'UTF8') in body) > 0 OR reason LIKE {like} ESCAPE '\\'");
    }

    /// <summary>A pattern with stars as SQL's LIKE has it.</summary>
    private static string Like(string pattern) => Escape(pattern).Replace('*', '%');

    private static string Escape(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal);

    internal static System.Linq.Expressions.Expression<Func<EventRow, EventSummary>> Summary => e => new EventSummary
    {
        Id = e.Id,
        Source = e.Source,
        Type = e.Type,
        Status = e.Status,
        CorrelationKey = e.CorrelationKey,
        ReceivedAt = SqlValue.FromMicros(e.ReceivedAt),
        OccurredAt = e.OccurredAt == null ? null : SqlValue.FromMicros(e.OccurredAt.Value),
        Answer = e.Answer,
        Reason = e.Reason,
        DuplicateOf = e.DuplicateOf,
        ReplayOf = e.ReplayOf,
        BodySize = e.BodySize,
    };
}
