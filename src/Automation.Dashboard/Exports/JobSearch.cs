using System.Runtime.CompilerServices;
using Automation.Jobs;

namespace Automation.Dashboard.Exports;

/// <summary>
/// All jobs of a filter, newest first. Texts have no index, so that a filter which matches nothing would look through millions
/// of jobs while somebody waits before an empty file: then it stops and says where.
/// </summary>
/// <param name="queries">Finds them.</param>
/// <param name="clock">Measures how long nothing was found.</param>
internal sealed class JobSearch(JobQueries queries, TimeProvider clock)
{
    private const int Page = 500;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The id below which nothing has been looked at; null where all was.</summary>
    public long? StoppedBefore { get; private set; }

    /// <summary>Reads them.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="before">Only ids below; null from the newest.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public async IAsyncEnumerable<JobSummary> ReadAsync(JobFilter filter, long? before, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var found = clock.GetTimestamp();
        do
        {
            var page = await queries.ListAsync(filter, before, Page, cancellationToken);
            foreach (var job in page.Jobs)
                yield return job;
            before = page.Before;
            if (page.Jobs.Count > 0)
            {
                found = clock.GetTimestamp();
            }
            else if (before is not null && clock.GetElapsedTime(found) > Patience)
            {
                StoppedBefore = before;
                yield break;
            }
        }
        while (before is not null);
    }
}
