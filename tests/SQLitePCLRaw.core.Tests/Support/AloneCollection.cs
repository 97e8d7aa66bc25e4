namespace SQLitePCL.Tests.Support;

/// <summary>Tests that watch numbers of the whole process run with no other test beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "Alone";
}
