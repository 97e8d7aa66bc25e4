using System.Globalization;
using Automation.Jobs.Types;
using Automation.Storage.Writes;

namespace Automation.Jobs;

/// <content>Counts and durations by type of job.</content>
public sealed partial class JobQueries
{
    private static readonly SqlStatement SelectTypes = new("""
        SELECT name, kind, bucket, sum(jobs) FROM job_type_stats WHERE period >= $1 AND length(period) = $2 GROUP BY name, kind, bucket
        """, """
        SELECT name, kind, bucket, sum(jobs)::bigint FROM job_type_stats WHERE period COLLATE "C" >= $1 AND length(period) = $2 GROUP BY name, kind, bucket
        """);

    /// <summary>Counts and durations of each type of job over the last 24 hours, the most frequent first. They outlive the jobs.</summary>
    public Task<IReadOnlyList<JobTypeStatistic>> TypesOfLastDayAsync(CancellationToken cancellationToken = default) =>
        TypesAsync(_clock.GetUtcNow().AddHours(-23).ToString(JobTypeStats.HourFormat, CultureInfo.InvariantCulture), JobTypeStats.HourFormat.Length, cancellationToken);

    /// <summary>Counts and durations of each type of job over the last 7 days (UTC), the most frequent first.</summary>
    public Task<IReadOnlyList<JobTypeStatistic>> TypesOfLastWeekAsync(CancellationToken cancellationToken = default) =>
        TypesAsync(_clock.GetUtcNow().AddDays(-6).ToString(JobTypeStats.DayFormat, CultureInfo.InvariantCulture), JobTypeStats.DayFormat.Length, cancellationToken);

    private async Task<IReadOnlyList<JobTypeStatistic>> TypesAsync(string from, int length, CancellationToken cancellationToken)
    {
        var rows = (await _store.Database.QueryAsync(SelectTypes, cancellationToken, from, length)).Rows;
        var types = new List<JobTypeStatistic>();
        foreach (var type in rows.GroupBy(r => r[0].AsText!, StringComparer.Ordinal))
        {
            var kinds = type.ToLookup(r => r[1].AsText!, r => KeyValuePair.Create((int)r[2].AsInteger, r[3].AsInteger));
            var (ran, waited) = (kinds[JobTypeKind.Succeeded], kinds[JobTypeKind.Waited]);
            types.Add(new JobTypeStatistic(
                type.Key, Sum(JobTypeKind.Succeeded), Sum(JobTypeKind.Failed), Sum(JobTypeKind.Retried), Sum(JobTypeKind.Deleted),
                DurationBuckets.Percentile(ran, 0.5), DurationBuckets.Percentile(ran, 0.95), DurationBuckets.Percentile(waited, 0.5), DurationBuckets.Percentile(waited, 0.95)));

            long Sum(string kind) => kinds[kind].Sum(k => k.Value);
        }

        return [.. types.OrderByDescending(t => t.Succeeded + t.Failed + t.Retried + t.Deleted).ThenBy(t => t.Name, StringComparer.Ordinal)];
    }
}
