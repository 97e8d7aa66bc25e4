using Automation.Storage;
using Automation.Storage.Access;
using Automation.Storage.Writes;
using Microsoft.EntityFrameworkCore;

namespace Automation.Dashboard.Access;

/// <summary>Which entries are wanted; whatever is null does not narrow.</summary>
/// <param name="Kind">Kind of thing: definition, mapping, secret, user, key, job, …</param>
/// <param name="Actor">Who, exactly.</param>
/// <param name="Text">Text in the subject or the action.</param>
/// <param name="From">At or after this time.</param>
/// <param name="To">Before this time.</param>
public sealed record AuditFilter(string? Kind = null, string? Actor = null, string? Text = null, DateTimeOffset? From = null, DateTimeOffset? To = null);

/// <summary>Somebody changed something, or tried to.</summary>
public sealed record AuditEntry(
    string Id, DateTimeOffset At, string Actor, string Action, string Kind, string Subject, long Outcome, string? Before, string? After, string? RemoteIp);

/// <summary>Part of the log.</summary>
/// <param name="Items">The entries, newest first.</param>
/// <param name="Next">Pass as <c>before</c> to get what follows; null at the end.</param>
public sealed record AuditPage(IReadOnlyList<AuditEntry> Items, string? Next);

/// <summary>Who changed what: every change that came in over HTTP by somebody who is signed in, and every attempt.</summary>
public sealed class AuditLog(Database database, TimeProvider clock)
{
    /// <summary>Most entries in a page.</summary>
    public const int MaxLimit = 500;

    // A definition can be large; what an auditor wants to see of it is not.
    private const int MaxKept = 256 * 1024;

    private static readonly SqlStatement Insert = new(
        """
        INSERT INTO audit_log (id, at, actor, action, kind, subject, outcome, before_change, after_change, remote_ip)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """);

    private static readonly SqlStatement DeleteOlder = new("DELETE FROM audit_log WHERE id < $1");

    /// <summary>Writes an entry.</summary>
    public Task WriteAsync(
        string actor, string action, string kind, string subject, int outcome, string? before, string? after, string? remoteIp, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var unit = new WriteUnit().Add(
            Insert, Guid.CreateVersion7(now).ToString(), SqlValue.Micros(now), actor, action, kind, Cut(subject, 300), outcome, Cut(before, MaxKept), Cut(after, MaxKept), remoteIp);
        return database.CommitAsync(unit, cancellationToken: cancellationToken);
    }

    /// <summary>Lists entries, newest first.</summary>
    public async Task<AuditPage> ListAsync(AuditFilter filter, string? before, int limit, CancellationToken cancellationToken)
    {
        await using var context = database.CreateContext();
        IQueryable<AuditRow> rows = context.Set<AuditRow>();
        if (filter.Kind is { } kind)
            rows = rows.Where(a => a.Kind == kind);
        if (filter.Actor is { } actor)
            rows = rows.Where(a => a.Actor == actor);
        if (filter.Text is { } text)
            rows = rows.Where(a => a.Subject.Contains(text) || a.Action.Contains(text));
        if (filter.From is { } from && SqlValue.ToMicros(from) is var least)
            rows = rows.Where(a => a.At >= least);
        if (filter.To is { } to && SqlValue.ToMicros(to) is var end)
            rows = rows.Where(a => a.At < end);
        if (before is not null)
            rows = rows.Where(a => string.Compare(a.Id, before) < 0);
        var found = await rows.OrderByDescending(a => a.Id).Take(limit + 1).ToListAsync(cancellationToken);
        return new AuditPage([.. found.Take(limit).Select(Read)], found.Count > limit ? found[limit - 1].Id : null);
    }

    /// <summary>Reads one entry; null where there is none.</summary>
    public async Task<AuditEntry?> FindAsync(string id, CancellationToken cancellationToken)
    {
        await using var context = database.CreateContext();
        return await context.Set<AuditRow>().SingleOrDefaultAsync(a => a.Id == id, cancellationToken) is { } row ? Read(row) : null;
    }

    /// <summary>Removes entries older than a time.</summary>
    internal Task RemoveBeforeAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        // Ids begin with the time, so a time is a place among them.
        var least = time.ToUnixTimeMilliseconds().ToString("x12", System.Globalization.CultureInfo.InvariantCulture);
        return database.CommitAsync(new WriteUnit().Add(DeleteOlder, $"{least[..8]}-{least[8..]}"), cancellationToken: cancellationToken);
    }

    private static AuditEntry Read(AuditRow r) =>
        new(r.Id, SqlValue.FromMicros(r.At), r.Actor, r.Action, r.Kind, r.Subject, r.Outcome, r.Before, r.After, r.RemoteIp);

    private static string? Cut(string? text, int most) => text is null || text.Length <= most ? text : text[..most];
}
