namespace Automation.Workflows.Queries;

/// <summary>One page of a list.</summary>
/// <typeparam name="T">What it lists.</typeparam>
/// <param name="Items">The items of the page.</param>
/// <param name="TotalCount">How many items there are on all pages.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, long TotalCount);
