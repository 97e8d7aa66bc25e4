using Automation.Dashboard.Jobs;
using Automation.Jobs;
using Automation.Steps.Deliveries;
using Automation.Steps.Http;
using Automation.Steps.Notifications;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Execution;
using Automation.Workflows.Journal;
using Automation.Workflows.Queries;

namespace Automation.Dashboard.Instances;

/// <summary>One step of an instance with everything that it did outside.</summary>
/// <param name="Execution">The execution of the activity.</param>
/// <param name="Exchanges">The HTTP requests that it sent.</param>
/// <param name="Jobs">The background jobs that it ran in.</param>
/// <param name="Notifications">What it told by channels.</param>
/// <param name="Deliveries">What it sent to subscribers.</param>
public sealed record StoryStep(
    ActivityExecution Execution, IReadOnlyList<HttpExchange> Exchanges, IReadOnlyList<JobDetails> Jobs, IReadOnlyList<Notification> Notifications, IReadOnlyList<Delivery> Deliveries)
{
    /// <summary>How it stands, in one word.</summary>
    public string Word => Execution.Status == ActivityStatus.Running && Execution.HasBookmarks ? "Suspended" : Execution.Status.ToString();
}

/// <summary>An instance as a story.</summary>
/// <param name="Instance">What lists show.</param>
/// <param name="Steps">Its steps in order.</param>
/// <param name="Waiting">Jobs of it that belong to no step, such as the clock that wakes it.</param>
/// <param name="HasMore">Whether there are more steps than are told.</param>
public sealed record Story(InstanceSummary Instance, IReadOnlyList<StoryStep> Steps, IReadOnlyList<JobDetails> Waiting, bool HasMore);

/// <summary>Gathers what an instance did: activities, their jobs, HTTP exchanges, notifications and deliveries.</summary>
internal sealed class InstanceStory(
    Database database, InstanceQueries instances, JournalQueries journal, HttpExchangeLog exchanges, JobQueries jobs, NotificationLog notifications, DeliveryLog deliveries)
{
    // A loop of a million rounds is not a page.
    private const int MostSteps = 500;
    private const int MostJobs = 40;

    private static readonly SqlStatement JobsAhead = new(
        "SELECT job_id FROM workflow_operations WHERE instance_id = $1 AND job_id IS NOT NULL UNION SELECT job_id FROM workflow_bookmarks WHERE instance_id = $1 AND job_id IS NOT NULL");

    /// <summary>Reads the story of an instance; null where there is none.</summary>
    public async Task<Story?> ReadAsync(string instanceId, CancellationToken cancellationToken)
    {
        if ((await instances.ListAsync(new InstanceFilter { Ids = [instanceId], Take = 1 }, cancellationToken)).Items is not [var instance])
            return null;
        // The workflow and its containers frame the steps; what a person asks is which steps ran.
        var executions = (await journal.ListExecutionsAsync(instanceId, cancellationToken: cancellationToken))
            .Where(e => e.ActivityType is not ("Elsa.Workflow" or "Elsa.Flowchart" or "Elsa.Sequence")).Take(MostSteps + 1).ToList();
        var calls = await exchanges.OfInstanceAsync(instanceId, after: null, take: MostSteps, cancellationToken);
        var told = (await notifications.OfInstanceAsync(instanceId, MostSteps, cancellationToken)).ToLookup(n => n.ActivityExecutionId, StringComparer.Ordinal);
        var sent = (await deliveries.OfInstanceAsync(instanceId, MostSteps, cancellationToken)).ToLookup(d => d.ActivityExecutionId, StringComparer.Ordinal);
        var ahead = (await database.QueryAsync(JobsAhead, cancellationToken, instanceId)).Rows.Select(r => r[0].AsInteger).ToList();

        var found = new Dictionary<long, JobDetails>();
        foreach (var id in calls.Select(c => c.Owner.JobId).Concat(told.SelectMany(t => t.Select(n => n.JobId))).OfType<long>().Concat(ahead).Distinct().Take(MostJobs))
        {
            if (await jobs.FindAsync(id, cancellationToken) is { } details)
                found[id] = details;
        }

        var exchangesOf = calls.ToLookup(c => c.Owner.ActivityExecutionId, StringComparer.Ordinal);
        var rest = ahead.Where(found.ContainsKey).Select(id => found[id]).ToList();
        var steps = new List<StoryStep>(executions.Count);
        foreach (var execution in executions.Take(MostSteps))
        {
            var own = exchangesOf[execution.Id].Select(c => c.Owner.JobId).Concat(told[execution.Id].Select(n => n.JobId)).OfType<long>().Distinct().Where(found.ContainsKey).Select(id => found[id]).ToList();
            // While its job is under way there is no exchange yet that names it; the job names the activity.
            if (execution.CompletedAt is null)
            {
                foreach (var job in rest.Where(j => !own.Contains(j) && JobSubject.Of(j)?.Activity is { } named && (named == execution.ActivityName || named == execution.ActivityId)).ToList())
                    own.Add(job);
            }

            rest.RemoveAll(own.Contains);
            steps.Add(new StoryStep(execution, [.. exchangesOf[execution.Id].Select(c => c.Exchange)], own, [.. told[execution.Id]], [.. sent[execution.Id]]));
        }

        return new Story(instance, steps, rest, executions.Count > MostSteps);
    }
}
