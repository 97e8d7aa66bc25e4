using System.Runtime.InteropServices;
using Automation.Workflows.Graph;
using Automation.Workflows.Journal;

namespace Automation.Workflows.Execution;

/// <content>What an instance waits for, and how it goes on: bookmarks and background operations.</content>
internal sealed partial class Burst
{
    public void Resume(ActivityContext context, Bookmark bookmark, object? payload)
    {
        Touch(context);
        Log(context, JournalEvents.Resumed);
        try
        {
            context.Activity.Behavior.Resume(context, bookmark, payload);
            if (context.IsActive)
                Log(context, JournalEvents.Suspended);
        }
        catch (Exception e) when (e is not OperationCanceledException || !CancellationToken.IsCancellationRequested)
        {
            Fault(context, e);
        }
    }

    /// <summary>Hands a background operation's result to its activity.</summary>
    public void EndOperation(PendingOperation operation, OperationResult result)
    {
        var context = operation.Context;
        State.RemoveOperation(operation);
        Touch(context);
        if (operation.Bookmark is { } bookmark)
        {
            RemoveBookmark(bookmark);
            Log(context, JournalEvents.Resumed);
        }

        context.HasRetries |= result.HasRetries;
        Now = _time.GetUtcNow();
        try
        {
            context.Activity.Behavior.OperationEnded(context, result);
            if (context.IsActive && context.BookmarkCount > 0)
                Log(context, JournalEvents.Suspended);
        }
        catch (Exception e) when (e is not OperationCanceledException || !CancellationToken.IsCancellationRequested)
        {
            Fault(context, e);
        }
    }

    public Bookmark AddBookmark(ActivityContext context, string name, object? payload, DateTimeOffset? dueAt, string? tag, string? hash, object? options)
    {
        var bookmark = new Bookmark(
            State.NextBookmarkId(), name, hash ?? StimulusHash.Compute(name, payload), payload, context.Activity.Id, context.Activity.NodeId, context.Ordinal, Now)
        {
            DueAt = dueAt,
            Tag = tag,
            Options = options,
            EventId = EventId,
        };
        State.BookmarkList.Add(bookmark);
        CountBookmark(bookmark, 1);
        if (!bookmark.IsTimeout)
            context.BookmarkCount++;
        (_added ??= []).Add(bookmark);
        return bookmark;
    }

    public void RemoveBookmark(Bookmark bookmark)
    {
        if (!State.BookmarkList.Remove(bookmark))
            return;
        CountBookmark(bookmark, -1);
        if (!bookmark.IsTimeout && State.FindContext(bookmark.ActivityOrdinal) is { } context)
            context.BookmarkCount--;
        if (_added is null || !_added.Remove(bookmark))
            (_removed ??= []).Add(bookmark);
    }

    /// <summary>
    /// Whether another execution of the activity waits, as in a parallel loop. To Elsa's journal, one that starts then is resumed.
    /// </summary>
    private bool IsAwaitedElsewhere(CompiledActivity node)
    {
        if (State.BookmarkList.Count == 0)
            return false;
        if (_bookmarksByNode is null)
        {
            _bookmarksByNode = new Dictionary<string, int>(StringComparer.Ordinal);
            foreach (var bookmark in State.BookmarkList)
                CountBookmark(bookmark, 1);
        }

        return _bookmarksByNode.GetValueOrDefault(node.NodeId) > 0;
    }

    private void CountBookmark(Bookmark bookmark, int by)
    {
        if (_bookmarksByNode is not null && !bookmark.IsTimeout)
            CollectionsMarshal.GetValueRefOrAddDefault(_bookmarksByNode, bookmark.ActivityNodeId, out _) += by;
    }

    public void RunInBackground(ActivityContext context)
    {
        var node = context.Activity;
        var inputs = new Dictionary<string, object?>(node.Inputs.Length, StringComparer.Ordinal);
        for (var i = 0; i < node.Inputs.Length; i++)
            inputs[node.Inputs[i].Name] = context.InputAt(i);
        var operation = AddOperation(context);
        Effects.Add(new RunInBackground(operation.Id, node, context.Ordinal, inputs, operation.IsInline)
        {
            Resilience = node.Resilience?.Evaluate(context),
        });
    }

    /// <summary>Work outside: the rest of the instance waits for it, unless the activity runs asynchronously; then it shows as a bookmark.</summary>
    public PendingOperation AddOperation(ActivityContext context)
    {
        var operation = State.AddOperation(context, inline: !context.Activity.RunAsynchronously);
        operation.EventId = EventId;
        if (!operation.IsInline)
            operation.Bookmark = AddBookmark(context, StimulusNames.BackgroundActivity, null, null, operation.Id, operation.Id, null);
        return operation;
    }

    public void RemoveBookmarksOf(ActivityContext context)
    {
        if (context.BookmarkCount == 0 && context.Activity.Timeout is null)
            return;
        for (var i = State.BookmarkList.Count - 1; i >= 0; i--)
        {
            if (State.BookmarkList[i].ActivityOrdinal == context.Ordinal)
                RemoveBookmark(State.BookmarkList[i]);
        }
    }

    /// <summary>Bookmarks of an ended instance stay visible in its state but must not be found any more.</summary>
    public void DisarmBookmarks()
    {
        foreach (var bookmark in State.BookmarkList)
        {
            if (_added is null || !_added.Remove(bookmark))
                (_removed ??= []).Add(bookmark);
        }
    }

    /// <summary>The bookmarks of an instance that goes on after a fault are found again.</summary>
    public void RearmBookmarks() => (_added ??= []).AddRange(State.BookmarkList);
}
