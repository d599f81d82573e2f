-- Every row of the cache is first noted as empty and filled a moment later. Where its page has room for that, no index
-- has to be told.
alter table derived set (fillfactor = 30);
